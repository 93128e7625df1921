// SPDX-License-Identifier: Apache-2.0
import CProtobufC
package import Diagnostics

extension ProtoMessage {
  /// The message in wire format: fields in the order of their numbers, then the unknown ones; map
  /// entries in the order they were given.
  ///
  /// Throws an internal error when the message was set wrongly or holds ranges of a file, and
  /// `.notRepresentable` when it takes 2 GiB or more, which no reader of the format accepts.
  package func encoded() throws(Diagnostic) -> [UInt8] {
    let arena = ProtoArena()
    let root = try structure(in: arena).assumingMemoryBound(to: ProtobufCMessage.self)
    let count = protobuf_c_message_get_packed_size(root)
    guard count <= Int(Int32.max) else {
      throw .tooLarge(schema, count)
    }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
      used = protobuf_c_message_pack(root, buffer.baseAddress)
    }
  }

  /// The C structure of this message. One that was decoded and not changed has it already.
  fileprivate func structure(in arena: ProtoArena) throws(Diagnostic) -> UnsafeRawPointer {
    switch storage {
    case .view(let view):
      if view.arena.hasRanges { throw .partial(schema) }
      return view.base
    case .record(let record):
      if let problem = record.problem { throw .misuse(schema, problem) }
      let writer = StructureWriter(schema, arena)
      for (field, value) in record.fields { try writer.write(value, to: field) }
      writer.write(record.unknownFields)
      return UnsafeRawPointer(writer.base)
    }
  }
}

/// Fills the C structure of one message.
private struct StructureWriter {
  let schema: ProtoSchema
  let arena: ProtoArena
  let base: UnsafeMutableRawPointer

  init(_ schema: ProtoSchema, _ arena: ProtoArena) {
    self.schema = schema
    self.arena = arena
    base = arena.allocate(schema.descriptor.pointee.sizeof_message)
    protobuf_c_message_init(schema.descriptor, base)
  }

  func write(_ value: ProtoValue, to field: ProtoField) throws(Diagnostic) {
    if field.isOneofMember {
      base.storeBytes(of: field.number, toByteOffset: field.quantifierOffset, as: UInt32.self)
    } else if field.isOptional {
      base.storeBytes(of: 1, toByteOffset: field.quantifierOffset, as: protobuf_c_boolean.self)
    }
    switch value {
    case .int(let value): store(value, field)
    case .uint(let value): store(Int64(bitPattern: value), field)
    case .float(let value): store(value, at: field)
    case .double(let value): store(value, at: field)
    case .bool(let value): store(protobuf_c_boolean(value ? 1 : 0), at: field)
    case .string(let value): store(copy(value), at: field)
    case .bytes(let value): store(try copy(value), at: field)
    case .message(let value): store(try value.structure(in: arena), at: field)
    default: try writeList(value, to: field)
    }
  }

  private func writeList(_ value: ProtoValue, to field: ProtoField) throws(Diagnostic) {
    switch value {
    case .ints(let list) where field.kind == .int32: store(list.map(Int32.init), list: field)
    case .ints(let list): store(list, list: field)
    case .uints(let list) where field.kind == .uint32: store(list.map(UInt32.init), list: field)
    case .uints(let list): store(list, list: field)
    case .floats(let list): store(list, list: field)
    case .doubles(let list): store(list, list: field)
    case .bools(let list): store(list.map { protobuf_c_boolean($0 ? 1 : 0) }, list: field)
    case .strings(let list): store(list.map(copy), list: field)
    case .bytesList(let list):
      var copies: [ProtobufCBinaryData] = []
      for bytes in list { copies.append(try copy(bytes)) }
      store(copies, list: field)
    case .messages(let list):
      var structures: [UnsafeRawPointer] = []
      structures.reserveCapacity(list.count)
      for message in list { structures.append(try message.structure(in: arena)) }
      store(structures, list: field)
    default: throw .misuse(schema, "'\(field.name)' is a \(field.kindInWords)")
    }
  }

  func write(_ unknown: [ProtoUnknownField]) {
    let header = base.assumingMemoryBound(to: ProtobufCMessage.self)
    let fields = unknown.map { field in
      ProtobufCMessageUnknownField(
        tag: field.number, wire_type: ProtobufCWireType(rawValue: UInt32(field.wireType)),
        len: field.bytes.count, data: copy(field.bytes))
    }
    header.pointee.n_unknown_fields = UInt32(fields.count)
    header.pointee.unknown_fields = place(fields)
  }

  private func store(_ value: Int64, _ field: ProtoField) {
    if field.kind == .int32 || field.kind == .uint32 {
      store(Int32(truncatingIfNeeded: value), at: field)
    } else {
      store(value, at: field)
    }
  }

  private func store<T: BitwiseCopyable>(_ value: T, at field: ProtoField) {
    base.storeBytes(of: value, toByteOffset: field.offset, as: T.self)
  }

  private func store<T: BitwiseCopyable>(_ list: [T], list field: ProtoField) {
    base.storeBytes(of: list.count, toByteOffset: field.quantifierOffset, as: Int.self)
    store(place(list), at: field)
  }

  private func place<T: BitwiseCopyable>(_ list: [T]) -> UnsafeMutablePointer<T>? {
    if list.isEmpty { return nil }
    let pointer = arena.allocate(list.count * MemoryLayout<T>.stride)
      .bindMemory(to: T.self, capacity: list.count)
    list.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { pointer.initialize(from: start, count: list.count) }
    }
    return pointer
  }

  private func copy(_ string: String) -> UnsafeMutablePointer<UInt8> {
    let count = string.utf8.count
    let pointer = arena.allocate(count + 1).bindMemory(to: UInt8.self, capacity: count + 1)
    var index = 0
    for byte in string.utf8 {
      pointer[index] = byte
      index += 1
    }
    pointer[count] = 0
    return pointer
  }

  private func copy(_ bytes: [UInt8]) -> UnsafeMutablePointer<UInt8>? { place(bytes) }

  private func copy(_ bytes: ProtoBytes) throws(Diagnostic) -> ProtobufCBinaryData {
    guard case .owned(let bytes) = bytes else { throw .partial(schema) }
    return ProtobufCBinaryData(len: bytes.count, data: copy(bytes))
  }
}

extension Diagnostic {
  fileprivate static func misuse(_ schema: ProtoSchema, _ problem: String) -> Diagnostic {
    .error(.internalError, "cannot encode \(schema.name): \(problem)")
  }

  fileprivate static func partial(_ schema: ProtoSchema) -> Diagnostic {
    .error(
      .internalError,
      "cannot encode \(schema.name): it was decoded with its large fields left in the file")
  }

  fileprivate static func tooLarge(_ schema: ProtoSchema, _ count: Int) -> Diagnostic {
    .error(
      .notRepresentable,
      "\(schema.name) takes \(count) bytes, but a protobuf message must be smaller than 2 GiB",
      fix: "keep large constants in the weight file instead of the program")
  }
}
