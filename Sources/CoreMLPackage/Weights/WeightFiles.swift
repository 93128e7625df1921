// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// The weight files beside a model, opened when a constant first refers to them.
final class WeightFiles {
  private let package: PackageFolder
  /// Path of the model's directory, relative to the package.
  private let directory: String
  private var open: [String: SourceFile] = [:]

  private static let prefix = "@model_path/"

  init(package: PackageFolder, directory: String) {
    self.package = package
    self.directory = directory
  }

  /// The elements of the blob whose record is at `offset` of the file called `fileName`.
  func source(
    _ fileName: String, offset: UInt64, dtype: DType, shape: [Int]
  ) throws -> FileSource {
    let file = try self.file(fileName)
    guard let count = elementCount(shape) else {
      throw Diagnostic.error(.malformed, "a weight of shape \(shape) has too many elements")
    }
    let record = try BlobRecord(at: offset, of: file)
    try record.check(dtype, count: count)
    return try FileSource(
      file: file, base: record.dataOffset, byteCount: record.byteCount, dtype: dtype,
      layout: StridedLayout(shape: shape))
  }

  private func file(_ fileName: String) throws -> SourceFile {
    if let file = open[fileName] { return file }
    guard fileName.hasPrefix(Self.prefix) else {
      throw Diagnostic.error(
        .malformed, "the weight file '\(fileName)' does not begin with '\(Self.prefix)'")
    }
    let relative = fileName.dropFirst(Self.prefix.count)
    let path = try package.resolve(
      directory.isEmpty ? String(relative) : directory + "/" + relative, "weight file")
    let file = try SourceFile(path: path)
    try Self.checkHeader(file, fileName)
    open[fileName] = file
    return file
  }

  private static func checkHeader(_ file: SourceFile, _ name: String) throws {
    guard file.size >= BlobRecord.alignment else {
      throw Diagnostic.error(
        .malformed, "the weight file '\(name)' has \(file.size) bytes, less than its header of 64")
    }
    let version = try file.bytes(4..<8).withUnsafeBytes {
      UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self))
    }
    guard version == 2 else {
      throw Diagnostic.error(
        .malformed, "the weight file '\(name)' has version \(version) (readable: 2)")
    }
  }
}
