// SPDX-License-Identifier: Apache-2.0
package import Diagnostics

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The directory of a package, and the one way to paths inside it: nothing that a package names
/// is opened outside of it.
struct PackageFolder {
  /// As the user gave it.
  let path: String
  private let root: String

  static let manifest = "Manifest.json"

  /// Throws `.notFound` where nothing is, and says what it is where it is no package.
  init(_ path: String) throws {
    var trimmed = path[...]
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
    self.path = String(trimmed)
    guard let kind = FileKind(self.path) else { throw Self.cannotOpen(self.path) }
    guard kind == .directory else { throw Self.notAFolder(self.path, kind) }
    guard FileKind(self.path + "/" + Self.manifest) != nil else { throw Self.noManifest(self.path) }
    guard let real = Self.realPath(self.path) else { throw Self.cannotOpen(self.path) }
    root = real
  }

  /// The path of something inside the package. Throws `.malformed` for a path that leaves it, by
  /// its spelling or through a symbolic link, and where nothing is there.
  func resolve(_ relative: String, _ what: String) throws -> String {
    let parts = relative.split(separator: "/", omittingEmptySubsequences: false)
    guard !relative.hasPrefix("/"), !parts.contains("..") else {
      throw Diagnostic.error(.malformed, "the path '\(relative)' of the \(what) leaves the package")
    }
    guard !parts.contains("."), !parts.contains(""), !relative.utf8.contains(0) else {
      throw Diagnostic.error(
        .malformed, "the path '\(relative)' of the \(what) is not one of names between slashes")
    }
    let inside = path + "/" + relative
    guard let real = Self.realPath(inside) else {
      throw Diagnostic.error(.malformed, "the \(what) '\(relative)' is missing")
    }
    guard real.hasPrefix(root == "/" ? root : root + "/") else {
      throw Diagnostic.error(
        .malformed, "the \(what) '\(relative)' is a symbolic link that leaves the package")
    }
    return inside
  }

  /// Visible files beside the manifest, by name.
  var looseFiles: [String: String] {
    var files: [String: String] = [:]
    for name in FolderListing.names(in: path) where name != Self.manifest && !name.hasPrefix(".") {
      let inside = path + "/" + name
      if FileKind(inside) == .file && !FolderListing.isLink(inside) { files[name] = inside }
    }
    return files
  }

  private static func realPath(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }
}

/// What is at a path, links followed.
enum FileKind {
  case file, directory, other

  /// `nil` where nothing can be found.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: self = .file
    case S_IFDIR: self = .directory
    default: self = .other
    }
  }
}

extension PackageFolder {
  private static func cannotOpen(_ path: String) -> Diagnostic {
    .error(
      .notFound, at: Location(file: path), "cannot open: \(String(cString: strerror(errno)))")
  }

  private static func notAFolder(_ path: String, _ kind: FileKind) -> Diagnostic {
    let place = Location(file: path)
    if kind == .file, path.hasSuffix(".mlmodel") {
      return .error(
        .unsupportedModel, at: place,
        "is a single .mlmodel file; modelpack reads ML Program packages (.mlpackage)",
        fix: "convert the source model again, as an ML Program")
    }
    return .error(
      .malformed, at: place,
      "is not a folder; an .mlpackage is a folder with a \(manifest) in it")
  }

  private static func noManifest(_ path: String) -> Diagnostic {
    let place = Location(file: path)
    if path.hasSuffix(".mlmodelc") || FileKind(path + "/coremldata.bin") != nil {
      return .error(
        .unsupportedModel, at: place,
        "is a compiled model (.mlmodelc), which cannot be read back",
        fix: "give the .mlpackage it was compiled from")
    }
    return .error(.malformed, at: place, "has no \(manifest); it is not an .mlpackage")
  }
}

extension Diagnostic.Code {
  /// A Core ML model of a kind that modelpack does not read.
  package static let unsupportedModel = Self("unsupported-model", .unsupported)
}
