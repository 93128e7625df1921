// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Foundation
import Testing

/// A directory of its own for one test, removed with it.
final class Scratch {
  let path: String

  init() {
    path = NSTemporaryDirectory() + "coreml-test-" + UUID().uuidString
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func callAsFunction(_ name: String) -> String { path + "/" + name }

  /// Names in the directory, hidden ones too, sorted.
  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }
}

/// The repository's folder of fixtures.
let fixtures: String = {
  let tests = #filePath.components(separatedBy: "/Tests/").dropLast().joined(separator: "/Tests/")
  return tests + "/Fixtures"
}()

/// Paths of the packages that coremltools wrote: the fixtures, and those in the folder that the
/// environment variable `MODELPACK_TEST_PACKAGES` names.
let recordedPackages: [String] = {
  let folders =
    [fixtures + "/packages"]
    + [ProcessInfo.processInfo.environment["MODELPACK_TEST_PACKAGES"]].compactMap { $0 }
  return folders.flatMap { folder -> [String] in
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".mlpackage") }.sorted().map { folder + "/" + $0 }
  }
}()

func bytes(_ path: String) -> [UInt8] {
  FileManager.default.contents(atPath: path).map(Array.init) ?? []
}

/// Every file under `folder` with its content, by relative path.
func tree(_ folder: String) -> [String: [UInt8]] {
  var files: [String: [UInt8]] = [:]
  for name in FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? [] {
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: folder + "/" + name, isDirectory: &isFolder)
    if !isFolder.boolValue { files[name] = bytes(folder + "/" + name) }
  }
  return files
}

/// What `body` throws as `code: place: message`, `folder` left out of places.
func thrown(in folder: String = "", _ body: () throws -> Void) -> String {
  func text(_ error: Diagnostic) -> String {
    let place = error.location.map { "\($0): " } ?? ""
    return "\(error.code.name): \(place)\(error.message)"
  }
  do {
    try body()
    return "nothing was thrown"
  } catch let error as Diagnostic {
    return text(error).replacingOccurrences(of: folder + "/", with: "")
  } catch let list as DiagnosticList {
    return list.diagnostics.map(text).joined(separator: "\n")
      .replacingOccurrences(of: folder + "/", with: "")
  } catch {
    return "\(error)"
  }
}
