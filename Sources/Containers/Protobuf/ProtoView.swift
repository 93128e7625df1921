// SPDX-License-Identifier: Apache-2.0
import CProtobufC

/// A decoded message: a C structure of protobuf-c inside an arena, read through its descriptor.
struct ProtoView: Sendable {
  let arena: ProtoArena
  nonisolated(unsafe) let base: UnsafeRawPointer

  /// The field number under which `WireScanner` notes what it left in the file.
  static let rangeNote: UInt32 = (1 << 29) - 1

  func load<T>(_ field: ProtoField, as type: T.Type) -> T {
    base.load(fromByteOffset: field.offset, as: type)
  }

  func count(_ field: ProtoField) -> Int {
    base.load(fromByteOffset: field.quantifierOffset, as: Int.self)
  }

  /// The elements of a repeated field.
  func list<T>(_ field: ProtoField, of type: T.Type) -> UnsafeBufferPointer<T> {
    let count = count(field)
    guard count > 0, let start = load(field, as: UnsafeRawPointer?.self) else {
      return UnsafeBufferPointer(start: nil, count: 0)
    }
    return UnsafeBufferPointer(start: start.assumingMemoryBound(to: type), count: count)
  }

  func has(_ field: ProtoField) -> Bool {
    if field.isRepeated { return count(field) > 0 }
    if field.isOneofMember { return oneofCase(field) == field.number }
    switch field.kind {
    case .message: return load(field, as: UnsafeRawPointer?.self) != nil
    case .string:
      return load(field, as: UnsafePointer<UInt8>?.self).map { $0.pointee != 0 } ?? false
    case .bytes:
      return load(field, as: ProtobufCBinaryData.self).len > 0 || range(field) != nil
    case .int64, .uint64, .double: return load(field, as: UInt64.self) != 0
    case .int32, .uint32, .float, .bool: return load(field, as: UInt32.self) != 0
    }
  }

  /// The number of the set member of the oneof that `field` belongs to; 0 when none is set.
  func oneofCase(_ field: ProtoField) -> UInt32 {
    base.load(fromByteOffset: field.quantifierOffset, as: UInt32.self)
  }

  func int(_ field: ProtoField) -> Int64 {
    field.kind == .int32 ? Int64(load(field, as: Int32.self)) : load(field, as: Int64.self)
  }

  func uint(_ field: ProtoField) -> UInt64 {
    field.kind == .uint32 ? UInt64(load(field, as: UInt32.self)) : load(field, as: UInt64.self)
  }

  func bool(_ field: ProtoField) -> Bool { load(field, as: protobuf_c_boolean.self) != 0 }

  func string(_ field: ProtoField) -> String {
    load(field, as: UnsafePointer<CChar>?.self).map { String(cString: $0) } ?? ""
  }

  func bytes(_ field: ProtoField) -> ProtoBytes {
    range(field) ?? .owned(Self.copy(load(field, as: ProtobufCBinaryData.self)))
  }

  func message(_ field: ProtoField) -> ProtoMessage? {
    guard let pointer = load(field, as: UnsafeRawPointer?.self) else { return nil }
    return wrap(pointer)
  }

  func wrap(_ pointer: UnsafeRawPointer) -> ProtoMessage {
    let header = pointer.assumingMemoryBound(to: ProtobufCMessage.self)
    return ProtoMessage(
      schema: ProtoSchema(header.pointee.descriptor), view: ProtoView(arena: arena, base: pointer))
  }

  func messages(_ field: ProtoField) -> [ProtoMessage] {
    list(field, of: UnsafeRawPointer.self).map(wrap)
  }

  static func copy(_ data: ProtobufCBinaryData) -> [UInt8] {
    Array(UnsafeBufferPointer(start: data.data, count: data.len))
  }
}

extension ProtoView {
  private var header: ProtobufCMessage { base.load(as: ProtobufCMessage.self) }

  private var unknown: UnsafeBufferPointer<ProtobufCMessageUnknownField> {
    UnsafeBufferPointer(start: header.unknown_fields, count: Int(header.n_unknown_fields))
  }

  var unknownFields: [ProtoUnknownField] {
    unknown.compactMap { field in
      if arena.hasRanges && field.tag == Self.rangeNote { return nil }
      return ProtoUnknownField(
        number: field.tag, wireType: UInt8(field.wire_type.rawValue),
        bytes: Array(UnsafeBufferPointer(start: field.data, count: field.len)))
    }
  }

  /// The place of a `bytes` field that was left in the file.
  func range(_ field: ProtoField) -> ProtoBytes? {
    guard arena.hasRanges else { return nil }
    for note in unknown where note.tag == Self.rangeNote {
      let raw = UnsafeRawBufferPointer(start: note.data, count: note.len)
      guard let range = RangeNote(raw), range.number == field.number else { continue }
      return .range(offset: range.offset, count: range.count)
    }
    return nil
  }
}

extension ProtoView {
  /// The value of `field`, or nil when it is absent.
  func value(_ field: ProtoField) -> ProtoValue? {
    guard has(field) else { return nil }
    return field.isRepeated ? values(field) : single(field)
  }

  private func single(_ field: ProtoField) -> ProtoValue? {
    switch field.kind {
    case .int32, .int64: .int(int(field))
    case .uint32, .uint64: .uint(uint(field))
    case .float: .float(load(field, as: Float.self))
    case .double: .double(load(field, as: Double.self))
    case .bool: .bool(bool(field))
    case .string: .string(string(field))
    case .bytes: .bytes(bytes(field))
    case .message: message(field).map(ProtoValue.message)
    }
  }

  private func values(_ field: ProtoField) -> ProtoValue {
    switch field.kind {
    case .int32, .int64: .ints(ints(field))
    case .uint32, .uint64: .uints(uints(field))
    case .float: .floats(Array(list(field, of: Float.self)))
    case .double: .doubles(Array(list(field, of: Double.self)))
    case .bool: .bools(list(field, of: protobuf_c_boolean.self).map { $0 != 0 })
    case .string: .strings(strings(field))
    case .bytes: .bytesList(bytesList(field))
    case .message: .messages(messages(field))
    }
  }

  func ints(_ field: ProtoField) -> [Int64] {
    field.kind == .int32
      ? list(field, of: Int32.self).map(Int64.init) : Array(list(field, of: Int64.self))
  }

  func uints(_ field: ProtoField) -> [UInt64] {
    field.kind == .uint32
      ? list(field, of: UInt32.self).map(UInt64.init) : Array(list(field, of: UInt64.self))
  }

  func strings(_ field: ProtoField) -> [String] {
    list(field, of: UnsafePointer<CChar>.self).map { String(cString: $0) }
  }

  func bytesList(_ field: ProtoField) -> [ProtoBytes] {
    list(field, of: ProtobufCBinaryData.self).map { .owned(Self.copy($0)) }
  }
}
