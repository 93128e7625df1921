// SPDX-License-Identifier: Apache-2.0
import CProtobufC
package import Diagnostics

extension ProtoMessage {
  /// Decodes a message of type `schema`.
  ///
  /// `file` is named in diagnostics. When `largeFieldThreshold` is given, the content of singular
  /// `bytes` fields of more bytes than that is not copied: they come back as
  /// `ProtoBytes.range`, relative to the start of `bytes`.
  ///
  /// Throws `.malformed` with the byte offset of the first defect.
  package init(
    decoding bytes: UnsafeRawBufferPointer, as schema: ProtoSchema, file: String? = nil,
    largeFieldThreshold: Int? = nil
  ) throws(Diagnostic) {
    do {
      var scanner = WireScanner(bytes, largeFieldThreshold: largeFieldThreshold)
      if let rewrite = try scanner.scan(schema) {
        self = try rewrite.bytes(of: bytes).withUnsafeBytes { buffer in
          Result { () throws(Diagnostic) in
            try ProtoMessage(unpacking: buffer, as: schema, hasRanges: true)
          }
        }.get()
      } else {
        try self.init(unpacking: bytes, as: schema, hasRanges: false)
      }
    } catch {
      throw file.map(error.inFile) ?? error
    }
  }

  /// Decodes bytes held in memory.
  package init(
    decoding bytes: [UInt8], as schema: ProtoSchema, file: String? = nil
  ) throws(Diagnostic) {
    self = try bytes.withUnsafeBytes { buffer in
      Result { () throws(Diagnostic) in
        try ProtoMessage(decoding: buffer, as: schema, file: file)
      }
    }.get()
  }

  /// Lets protobuf-c decode what the scanner found sound.
  private init(
    unpacking bytes: UnsafeRawBufferPointer, as schema: ProtoSchema, hasRanges: Bool
  ) throws(Diagnostic) {
    guard bytes.count <= Int(Int32.max) else { throw .tooLarge(schema, bytes.count) }
    let arena = ProtoArena()
    arena.hasRanges = hasRanges
    let root = arena.withAllocator { allocator in
      protobuf_c_message_unpack(
        schema.descriptor, allocator, bytes.count,
        bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
    }
    guard let root else { throw .refused(schema) }
    self.init(schema: schema, view: ProtoView(arena: arena, base: UnsafeRawPointer(root)))
  }
}

extension Diagnostic {
  fileprivate static func refused(_ schema: ProtoSchema) -> Diagnostic {
    .error(.malformed, "libprotobuf-c cannot decode it as \(schema.shortName)")
  }

  fileprivate static func tooLarge(_ schema: ProtoSchema, _ count: Int) -> Diagnostic {
    .error(
      .malformed,
      "\(schema.shortName) takes \(count) bytes, but a protobuf message must be smaller than 2 GiB",
      fix: "store the weights as external data")
  }
}

extension ProtoMessage {
  /// Decodes the whole file at `path`, which is mapped for as long as that takes. Ranges are
  /// relative to the start of the file.
  ///
  /// Throws `.notFound` when it cannot be opened, otherwise as `init(decoding:)` does.
  package init(
    contentsOf path: String, as schema: ProtoSchema, largeFieldThreshold: Int? = nil
  ) throws(Diagnostic) {
    let file = try OpenFile(path)
    self = try file.mapped { bytes in
      Result { () throws(Diagnostic) in
        try ProtoMessage(
          decoding: bytes, as: schema, file: path, largeFieldThreshold: largeFieldThreshold)
      }
    }.get()
  }
}
