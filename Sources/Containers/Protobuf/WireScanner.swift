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
    var output = Output(copied: range.lowerBound)
    var hint = 0
    while cursor.position < range.upperBound {
      let tag = try cursor.tag()
      if let field = schema.field(numbered: tag.number, hint: &hint) {
        guard tag.wireType == field.wireType else {
          try cursor.packed(field, tag)
          continue
        }
        if tag.wireType == 2 {
          let content = try cursor.payload(tag)
          try scan(field, at: hint, tag, content, depth, &cursor, &output)
          continue
        }
      } else if threshold != .max && tag.number == ProtoView.rangeNote {
        throw .reserved(tag.offset)
      }
      try cursor.skip(tag)
    }
    return output.finish(range.upperBound)
  }

  /// A message, string or `bytes` field; `index` is its place in the schema.
  private mutating func scan(
    _ field: ProtoField, at index: Int, _ tag: WireCursor.Tag, _ content: Range<Int>, _ depth: Int,
    _ cursor: inout WireCursor, _ output: inout Output
  ) throws(Diagnostic) {
    if let inner = field.messageSchema {
      if let part = try message(inner, content, depth: depth + 1) {
        output.replace(tag.offset..<content.upperBound) { $0.nest(tag.number, part) }
      }
    } else if field.kind == .string {
      try cursor.checkText(field, content)
    } else if !field.isRepeated {
      let large = content.count > threshold
      guard output.mayHold(index, large: large) else { throw cursor.givenTwice(tag) }
      if large {
        output.replace(tag.offset..<content.upperBound) {
          $0.leave(RangeNote(number: tag.number, content))
        }
      }
    }
  }

  /// What becomes of one message: nothing as long as all of it goes to protobuf-c.
  private struct Output {
    private var rewrite: WireRewrite?
    /// Up to here the rewrite covers the message.
    private var copied: Int
    /// The `bytes` fields seen and those left in the file, one bit for each field of the schema.
    private var seen: UInt64 = 0
    private var left: UInt64 = 0

    init(copied: Int) { self.copied = copied }

    mutating func replace(_ range: Range<Int>, _ write: (inout WireRewrite) -> Void) {
      var rewrite = self.rewrite ?? WireRewrite()
      self.rewrite = nil
      rewrite.copy(copied..<range.lowerBound)
      write(&rewrite)
      self.rewrite = rewrite
      copied = range.upperBound
    }

    /// Notes a `bytes` field. False when it is there twice and at least once in the file, because
    /// then it would not be the last one that counts.
    mutating func mayHold(_ index: Int, large: Bool) -> Bool {
      let bit: UInt64 = 1 << UInt64(index & 63)
      if left & bit != 0 || large && seen & bit != 0 { return false }
      seen |= bit
      if large { left |= bit }
      return true
    }

    mutating func finish(_ end: Int) -> WireRewrite? {
      rewrite?.copy(copied..<end)
      return rewrite
    }
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
}
