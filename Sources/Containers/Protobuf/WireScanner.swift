// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Checks a message in wire format against its schema before protobuf-c sees it.
///
/// protobuf-c recurses without limit, cuts strings at a NUL byte and does not say where it failed.
/// The scanner refuses what is malformed with the byte offset, bounds nesting and the number of
/// messages, and finds large `bytes` fields to leave in the file.
struct WireScanner {
  /// Deepest nesting of messages; the limit that other implementations have.
  static let depthLimit = 100
  /// Most messages in one file: two bytes of input can cost a hundred bytes of memory.
  static let messageLimit = 20_000_000

  private let bytes: UnsafeRawBufferPointer
  private let threshold: Int
  private var messages = 0

  init(_ bytes: UnsafeRawBufferPointer, largeFieldThreshold: Int?) {
    self.bytes = bytes
    threshold = largeFieldThreshold ?? .max
  }

  /// Scans the whole buffer as one message. Returns nil when nothing is to be left in the file.
  mutating func scan(_ schema: ProtoSchema) throws(Diagnostic) -> WireRewrite? {
    try message(schema, 0..<bytes.count, depth: 1)
  }

  private mutating func message(
    _ schema: ProtoSchema, _ range: Range<Int>, depth: Int
  ) throws(Diagnostic) -> WireRewrite? {
    guard depth <= Self.depthLimit else { throw .tooDeep(range.lowerBound) }
    messages += 1
    guard messages <= Self.messageLimit else { throw .tooMany(range.lowerBound) }
    var cursor = WireCursor(bytes, range, schema)
    var rewrite: WireRewrite?
    var copied = range.lowerBound
    var hint = 0
    var seen: UInt64 = 0
    var cut: UInt64 = 0
    while cursor.position < range.upperBound {
      let start = cursor.position
      let tag = try cursor.tag()
      guard let field = schema.field(numbered: tag.number, hint: &hint) else {
        if threshold != .max && tag.number == ProtoView.rangeNote { throw .reserved(start) }
        try cursor.skip(tag)
        continue
      }
      guard tag.wireType == field.wireType else {
        try cursor.packed(field, tag)
        continue
      }
      guard tag.wireType == 2 else {
        try cursor.skip(tag)
        continue
      }
      let payload = try cursor.payload(tag)
      if let inner = field.messageSchema {
        if let part = try message(inner, payload, depth: depth + 1) {
          rewrite = rewrite ?? WireRewrite()
          rewrite?.copy(copied..<start)
          rewrite?.nest(tag.number, part)
          copied = cursor.position
        }
      } else if field.kind == .string {
        try cursor.checkText(field, payload)
      } else if !field.isRepeated {
        let bit: UInt64 = 1 << UInt64(hint & 63)
        let large = payload.count > threshold
        if cut & bit != 0 || large && seen & bit != 0 { throw .twice(field, schema, start) }
        seen |= bit
        if large {
          cut |= bit
          rewrite = rewrite ?? WireRewrite()
          rewrite?.copy(copied..<start)
          rewrite?.leave(RangeNote(number: tag.number, payload))
          copied = cursor.position
        }
      }
    }
    rewrite?.copy(copied..<range.upperBound)
    return rewrite
  }
}

extension Diagnostic {
  fileprivate static func tooDeep(_ offset: Int) -> Diagnostic {
    .error(
      .malformed,
      "byte \(offset): messages are nested more than \(WireScanner.depthLimit) deep")
  }

  fileprivate static func tooMany(_ offset: Int) -> Diagnostic {
    .error(
      .malformed, "byte \(offset): the file holds more than \(WireScanner.messageLimit) messages")
  }

  fileprivate static func reserved(_ offset: Int) -> Diagnostic {
    .error(.malformed, "byte \(offset): field number \(ProtoView.rangeNote) is not used by ONNX")
  }

  fileprivate static func twice(
    _ field: ProtoField, _ schema: ProtoSchema, _ offset: Int
  ) -> Diagnostic {
    .error(
      .malformed, "byte \(offset): field '\(field.name)' of \(schema.shortName) is given twice")
  }
}
