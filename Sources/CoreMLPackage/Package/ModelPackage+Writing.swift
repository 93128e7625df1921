// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import MIL
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension ModelPackage {
  /// Writes the package to `path`, whole or not at all; the same package gives the same bytes.
  ///
  /// Weights are evaluated in tiles while they are written. Throws `.outputExists`,
  /// `.cannotWrite`, and what reading the weights throws.
  package func write(
    to path: String, overwrite: Bool = false, progress: WriteProgress? = nil
  ) throws {
    try checkInterfaces()
    let transaction = try OutputTransaction(
      path: path, kind: .directory, overwrite: overwrite, marker: PackageFolder.manifest)
    var constants = ConstantWriter(specificationVersion: specificationVersion)
    let model = try message(&constants).encoded()
    let root = transaction.temporaryPath
    let data = root + "/" + Manifest.dataDirectory
    for folder in [data, data + "/" + Manifest.author, data + "/" + Manifest.weightsPath] {
      try Self.makeFolder(folder, for: path)
    }
    try OutputFile.write(model, to: data + "/" + Manifest.modelPath, for: path)
    var content = model
    if !constants.layout.blobs.isEmpty {
      let hash = try WeightWriter.write(
        constants.layout, to: data + "/" + Manifest.weightsPath + "/weight.bin", output: path,
        progress: progress)
      content += hash.description.utf8
    }
    for item in items { try item.copy(into: data, for: path) }
    for (name, source) in looseFiles {
      try PackageItem.copyFile(source, to: root + "/" + name, for: path)
    }
    let manifest = Manifest.written(content: content, items: items)
    try OutputFile.write(
      Array(manifest.text.utf8), to: root + "/" + PackageFolder.manifest, for: path)
    try transaction.commit()
  }

  /// Bytes of the files that `write` would write, without what is copied as it is. Throws when a
  /// weight must be looked at, to see whether another is equal, and cannot be read.
  package func writtenSize() throws -> Int {
    var constants = ConstantWriter(specificationVersion: specificationVersion)
    let model = try message(&constants).encoded()
    let weights = constants.layout.blobs.isEmpty ? 0 : constants.layout.fileSize
    return model.count + weights + Manifest.written(content: [], items: items).text.utf8.count
  }

  /// The model as a `Model` message; weights get their places in `constants`.
  func message(_ constants: inout ConstantWriter) throws -> ProtoMessage {
    var message = ProtoMessage(.coreMLModel)
    message.set("specificationVersion", specificationVersion)
    message.set("description", try descriptionMessage())
    message.set("isUpdatable", isUpdatable)
    message.set("mlProgram", try program.message(&constants))
    try message.addUnknownFields(preserved)
    return message
  }

  /// The description; as it was read where it still says the same.
  private func descriptionMessage() throws -> ProtoMessage {
    if preservedDescription.bytes.isEmpty { return description.message() }
    let original = try ProtoMessage(decoding: preservedDescription.bytes, as: .modelDescription)
    var read = try ModelDescription(original)
    if !read.namesFunctions { read.functions[0].name = description.functions.first?.name ?? "main" }
    if read == description { return original }
    var message = description.message()
    for field in original.unknownFields { message.addUnknownField(field) }
    return message
  }

  fileprivate static func makeFolder(_ folder: String, for output: String) throws {
    guard mkdir(folder, 0o755) != 0, errno != EEXIST else { return }
    throw Diagnostic.error(
      .cannotWrite, at: Location(file: output),
      "cannot be written: \(String(cString: strerror(errno)))")
  }
}

extension Manifest {
  static let modelPath = author + "/model.mlmodel"
  static let weightsPath = author + "/weights"

  /// The manifest of a package whose model and weights `content` stands for.
  static func written(content: [UInt8], items: [PackageItem]) -> Manifest {
    let model = Item(
      identifier: identifier(content), path: modelPath, name: "model.mlmodel", author: author,
      description: "CoreML Model Specification")
    let weights = Item(
      identifier: identifier(content + Array("weights".utf8)), path: weightsPath, name: "weights",
      author: author, description: "CoreML Model Weights")
    let others = items.map { item in
      Item(
        identifier: identifier(content + Array(item.path.utf8)), path: item.path, name: item.name,
        author: item.author, description: item.description)
    }
    return Manifest(items: [model, weights] + others, rootIdentifier: model.identifier)
  }
}

extension PackageItem {
  /// Copies the content of the item to its path under `data`.
  fileprivate func copy(into data: String, for output: String) throws {
    var folder = data
    for part in path.split(separator: "/").dropLast() {
      folder += "/" + part
      try ModelPackage.makeFolder(folder, for: output)
    }
    try Self.copy(source, to: data + "/" + path, for: output, depth: 0)
  }

  private static func copy(
    _ source: String, to target: String, for output: String, depth: Int
  ) throws {
    guard let kind = FileKind(source), depth < 32 else {
      throw Diagnostic.error(.io, at: Location(file: source), "cannot be copied")
    }
    guard kind == .directory else { return try copyFile(source, to: target, for: output) }
    try ModelPackage.makeFolder(target, for: output)
    for name in FolderListing.names(in: source) {
      // A link inside an item could point anywhere.
      guard !FolderListing.isLink(source + "/" + name) else { continue }
      try copy(source + "/" + name, to: target + "/" + name, for: output, depth: depth + 1)
    }
  }

  fileprivate static func copyFile(_ source: String, to target: String, for output: String) throws {
    let input = try SourceFile(path: source)
    let file = try OutputFile(creating: target, for: output)
    for start in stride(from: 0, to: input.size, by: 1 << 20) {
      try file.write(input.bytes(start..<min(start + 1 << 20, input.size)), at: start)
    }
    try file.close()
  }
}

/// What a folder holds.
enum FolderListing {
  static func names(in path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  static func isLink(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }
}
