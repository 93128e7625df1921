// SPDX-License-Identifier: Apache-2.0

/// A Swift value that a field of a message can be set to.
package protocol ProtoConvertible {
  var protoValue: ProtoValue { get }
}

/// An element of a list that a repeated field (for bytes: a `bytes` field) can be set to.
package protocol ProtoElement {
  static func protoList(_ list: [Self]) -> ProtoValue
}

extension ProtoValue: ProtoConvertible {
  package var protoValue: ProtoValue { self }
}

extension Int: ProtoConvertible, ProtoElement {
  package var protoValue: ProtoValue { .int(Int64(self)) }
  package static func protoList(_ list: [Int]) -> ProtoValue { .ints(list.map(Int64.init)) }
}

extension Int64: ProtoConvertible, ProtoElement {
  package var protoValue: ProtoValue { .int(self) }
  package static func protoList(_ list: [Int64]) -> ProtoValue { .ints(list) }
}

extension Int32: ProtoConvertible, ProtoElement {
  package var protoValue: ProtoValue { .int(Int64(self)) }
  package static func protoList(_ list: [Int32]) -> ProtoValue { .ints(list.map(Int64.init)) }
}

extension UInt64: ProtoConvertible, ProtoElement {
  package var protoValue: ProtoValue { .uint(self) }
  package static func protoList(_ list: [UInt64]) -> ProtoValue { .uints(list) }
}

extension Float: ProtoConvertible, ProtoElement {
  package var protoValue: ProtoValue { .float(self) }
  package static func protoList(_ list: [Float]) -> ProtoValue { .floats(list) }
}

extension Double: ProtoConvertible, ProtoElement {
  package var protoValue: ProtoValue { .double(self) }
  package static func protoList(_ list: [Double]) -> ProtoValue { .doubles(list) }
}

extension Bool: ProtoConvertible, ProtoElement {
  package var protoValue: ProtoValue { .bool(self) }
  package static func protoList(_ list: [Bool]) -> ProtoValue { .bools(list) }
}

extension String: ProtoConvertible, ProtoElement {
  package var protoValue: ProtoValue { .string(self) }
  package static func protoList(_ list: [String]) -> ProtoValue { .strings(list) }
}

extension UInt8: ProtoElement {
  /// Bytes in a row are the content of one `bytes` field.
  package static func protoList(_ list: [UInt8]) -> ProtoValue { .bytes(.owned(list)) }
}

extension ProtoMessage: ProtoConvertible, ProtoElement {
  package var protoValue: ProtoValue { .message(self) }
  package static func protoList(_ list: [ProtoMessage]) -> ProtoValue { .messages(list) }
}

extension Array: ProtoConvertible where Element: ProtoElement {
  package var protoValue: ProtoValue { Element.protoList(self) }
}
