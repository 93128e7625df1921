// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Reads the fields of one message in wire format, checking every length.
struct WireCursor {
  struct Tag {
    let number: UInt32
    let wireType: UInt8
    let offset: Int
  }

  private let bytes: UnsafeRawBufferPointer
  private let end: Int
  private let schema: ProtoSchema
  private(set) var position: Int

  init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ schema: ProtoSchema) {
    self.bytes = bytes
    self.schema = schema
    position = range.lowerBound
    end = range.upperBound
  }

  mutating func tag() throws(Diagnostic) -> Tag {
    let offset = position
    let raw = try varint(limit: 5)
    let number = raw >> 3
    let wireType = UInt8(raw & 7)
    guard number >= 1, number < 1 << 29 else { throw badNumber(number, offset) }
    guard wireType <= 2 || wireType == 5 else { throw badWireType(number, wireType, offset) }
    return Tag(number: UInt32(number), wireType: wireType, offset: offset)
  }

  /// Passes over the value of a field whose content needs no look.
  mutating func skip(_ tag: Tag) throws(Diagnostic) {
    switch tag.wireType {
    case 0: _ = try varint(limit: 10)
    case 1: try fixed(8, tag)
    case 5: try fixed(4, tag)
    default: _ = try payload(tag)
    }
  }

  /// The content of a length-delimited field.
  mutating func payload(_ tag: Tag) throws(Diagnostic) -> Range<Int> {
    let length = try varint(limit: 5)
    guard length <= UInt64(end - position) else { throw tooLong(tag, length) }
    let start = position
    position += Int(length)
    return start..<position
  }

  /// Checks a packed list of a repeated field, the one case where the wire type may differ.
  mutating func packed(_ field: ProtoField, _ tag: Tag) throws(Diagnostic) {
    guard field.isRepeated, tag.wireType == 2, field.wireType != 2 else {
      throw wrongWireType(field, tag)
    }
    let list = try payload(tag)
    switch field.wireType {
    case 1, 5:
      let size = field.wireType == 1 ? 8 : 4
      guard list.count.isMultiple(of: size) else { throw ragged(field, tag, list.count, size) }
    default:
      var inner = WireCursor(bytes, list, schema)
      while inner.position < list.upperBound { _ = try inner.varint(limit: 10) }
    }
  }

  /// Strings must be UTF-8 and, because protobuf-c ends them at a NUL byte, free of those.
  func checkText(_ field: ProtoField, _ range: Range<Int>) throws(Diagnostic) {
    var ascii = true
    for index in range {
      let byte = bytes[index]
      if byte == 0 { throw badText(field, index, "holds a NUL byte") }
      if byte >= 0x80 { ascii = false }
    }
    if ascii { return }
    guard String(validating: bytes[range], as: UTF8.self) != nil else {
      throw badText(field, range.lowerBound, "is not valid UTF-8")
    }
  }

  private mutating func varint(limit: Int) throws(Diagnostic) -> UInt64 {
    let start = position
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < end {
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
      guard position - start < limit else { throw longVarint(start, limit) }
    }
    throw openVarint(start)
  }

  private mutating func fixed(_ size: Int, _ tag: Tag) throws(Diagnostic) {
    guard size <= end - position else { throw tooLong(tag, UInt64(size)) }
    position += size
  }
}

extension WireCursor {
  private func describe(_ number: UInt32) -> String {
    var hint = 0
    let name = schema.field(numbered: number, hint: &hint).map { "'\($0.name)' (\(number))" }
    return "field \(name ?? String(number)) of \(schema.shortName)"
  }

  private func badNumber(_ number: UInt64, _ offset: Int) -> Diagnostic {
    .error(
      .malformed,
      "byte \(offset): \(schema.shortName) has field number \(number) (allowed: 1 to 536870911)")
  }

  private func badWireType(_ number: UInt64, _ wireType: UInt8, _ offset: Int) -> Diagnostic {
    .error(
      .malformed,
      "byte \(offset): \(describe(UInt32(number))) has wire type \(wireType) (allowed: 0, 1, 2, 5)")
  }

  private func wrongWireType(_ field: ProtoField, _ tag: Tag) -> Diagnostic {
    .error(
      .malformed,
      "byte \(tag.offset): \(describe(tag.number)) has wire type \(tag.wireType), "
        + "but a \(field.kindInWords) has \(field.wireType)")
  }

  private func tooLong(_ tag: Tag, _ length: UInt64) -> Diagnostic {
    .error(
      .malformed,
      "byte \(tag.offset): \(describe(tag.number)) is \(length) bytes long, "
        + "but \(end - position) are left")
  }

  private func ragged(_ field: ProtoField, _ tag: Tag, _ count: Int, _ size: Int) -> Diagnostic {
    .error(
      .malformed,
      "byte \(tag.offset): \(describe(tag.number)) is packed into \(count) bytes, "
        + "which is no multiple of \(size)")
  }

  func givenTwice(_ tag: Tag) -> Diagnostic {
    .error(.malformed, "byte \(tag.offset): \(describe(tag.number)) is given twice")
  }

  private func badText(_ field: ProtoField, _ offset: Int, _ what: String) -> Diagnostic {
    .error(.malformed, "byte \(offset): \(describe(field.number)) \(what)")
  }

  private func longVarint(_ offset: Int, _ limit: Int) -> Diagnostic {
    .error(
      .malformed, "byte \(offset): a varint of \(schema.shortName) is longer than \(limit) bytes")
  }

  private func openVarint(_ offset: Int) -> Diagnostic {
    .error(
      .malformed,
      "byte \(offset): a varint of \(schema.shortName) is cut off by the end at byte \(end)")
  }
}
