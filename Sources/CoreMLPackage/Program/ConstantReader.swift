// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import MIL
import Tensors

/// Reads `Value` messages: constants in place, and those in weight files.
struct ConstantReader {
  /// `nil` where constants in files cannot occur.
  let weights: WeightFiles?

  func constant(_ message: ProtoMessage, _ types: inout TypeReader) throws -> Constant {
    let before = types.lost
    types.lost = false
    defer { types.lost = before }
    types.noteUnknownFields(message)
    let type = try types.type(message.message("type"))
    var constant: Constant
    if let immediate = message.message("immediateValue") {
      types.noteUnknownFields(immediate)
      constant = try self.immediate(immediate, type, &types)
    } else if let blob = message.message("blobFileValue") {
      types.noteUnknownFields(blob)
      constant = try self.blob(blob, type)
    } else {
      throw Diagnostic.malformed("has neither an immediate value nor one in a file")
    }
    if !constant.type.isWritten(like: type) { constant.declaredType = type }
    constant.docString = message.string("docString")
    if types.lost { constant.preserved = Preserved(try message.encoded()) }
    return constant
  }

  private func blob(_ message: ProtoMessage, _ type: ValueType) throws -> Constant {
    guard let tensor = type.tensor, let shape = tensor.fixedShape else {
      throw Diagnostic.malformed("is in a weight file but declared \(type)")
    }
    guard let weights else { throw Diagnostic.malformed("is in a weight file") }
    do {
      return Constant(
        try weights.source(
          message.string("fileName"), offset: message.uint("offset"), dtype: tensor.dtype,
          shape: shape))
    } catch let diagnostic as Diagnostic where diagnostic.location == nil {
      throw diagnostic.about("cannot be read:")
    }
  }

  private func immediate(
    _ message: ProtoMessage, _ type: ValueType, _ types: inout TypeReader
  ) throws -> Constant {
    switch (message.oneofCase(of: "tensor"), type) {
    case ("tensor", .tensor(let tensor)):
      guard let shape = tensor.fixedShape else {
        throw Diagnostic.malformed("is a constant of unknown shape \(tensor)")
      }
      return try self.tensor(message.inner("tensor"), tensor.dtype, shape, &types)
    case ("list", .list):
      let list = message.inner("list")
      types.noteUnknownFields(list)
      return Constant(.list(try list.messages("values").map { try nested($0, &types) }))
    case ("tuple", .tuple):
      let tuple = message.inner("tuple")
      types.noteUnknownFields(tuple)
      return Constant(.tuple(try tuple.messages("values").map { try nested($0, &types) }))
    case ("dictionary", .dictionary):
      let dictionary = message.inner("dictionary")
      types.noteUnknownFields(dictionary)
      return Constant(
        .dictionary(
          try dictionary.messages("values").map { pair in
            types.noteUnknownFields(pair)
            return (
              key: try nested(pair.inner("key"), &types),
              value: try nested(pair.inner("value"), &types)
            )
          }))
    case (let kind?, _): throw Diagnostic.malformed("is declared \(type) but holds a \(kind)")
    case (nil, _): throw Diagnostic.malformed("has an empty immediate value")
    }
  }

  /// A constant inside another; what it alone says is kept by the outer one.
  private func nested(_ message: ProtoMessage, _ types: inout TypeReader) throws -> Constant {
    var inner = try constant(message, &types)
    if !inner.preserved.bytes.isEmpty {
      inner.preserved = Preserved()
      types.lost = true
    }
    return inner
  }
}

extension ConstantReader {
  private func tensor(
    _ message: ProtoMessage, _ dtype: DType, _ shape: [Int], _ types: inout TypeReader
  ) throws -> Constant {
    types.noteUnknownFields(message)
    guard let field = message.oneofCase(of: "floats") else {
      // Nothing is written for no elements.
      types.lost = true
      return try Constant(TensorData(dtype: dtype, shape: shape, bytes: []))
    }
    let values = message.inner(field)
    types.noteUnknownFields(values)
    let count = elementCount(shape) ?? -1
    guard field == dtype.immediateField || Self.holds(field, dtype) else {
      throw Diagnostic.malformed("is declared \(dtype.rawValue) but its elements are \(field)")
    }
    if field != dtype.immediateField { types.lost = true }
    if field == "strings" {
      let strings = values.strings("values")
      try Self.check(strings.count, count, dtype, shape)
      return Constant(.strings(strings, shape: shape))
    }
    if field == "bytes" {
      guard case .owned(let bytes) = values.bytes("values") else {
        throw Diagnostic.error(.internalError, "was left in the file")
      }
      guard bytes.count == dtype.byteCount(count) else {
        throw Diagnostic.malformed(
          "is declared \(dtype.rawValue)\(shape) but has \(bytes.count) bytes")
      }
      return Constant(try TensorData(dtype: dtype, shape: shape, bytes: bytes))
    }
    try Self.check(values.count("values"), count, dtype, shape)
    let bytes = try Self.bytes(values, field, dtype)
    return Constant(try TensorData(dtype: dtype, shape: shape, bytes: bytes))
  }

  private static func check(_ found: Int, _ count: Int, _ dtype: DType, _ shape: [Int]) throws {
    guard found == count else {
      throw Diagnostic.malformed(
        "is declared \(dtype.rawValue)\(shape) but has \(found) element\(found == 1 ? "" : "s")")
    }
  }

  /// Fields that can hold a dtype beside the one that it is written to.
  private static func holds(_ field: String, _ dtype: DType) -> Bool {
    switch field {
    case "ints", "longInts": dtype.isInteger && !dtype.isSubByte
    case "bytes": dtype != .string
    default: false
    }
  }

  /// The elements of a list of numbers, packed.
  private static func bytes(
    _ values: ProtoMessage, _ field: String, _ dtype: DType
  ) throws -> [UInt8] {
    switch field {
    case "floats": return values.floats("values").withUnsafeBytes { Array($0) }
    case "doubles": return values.doubles("values").withUnsafeBytes { Array($0) }
    case "bools": return values.bools("values").map { $0 ? 1 : 0 }
    default:
      let width = dtype.bitWidth / 8
      var bytes: [UInt8] = []
      bytes.reserveCapacity(values.count("values") * width)
      for value in values.ints("values") {
        guard dtype.contains(value) else {
          throw Diagnostic.malformed("is declared \(dtype.rawValue) but holds \(value)")
        }
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0[..<width]) }
      }
      return bytes
    }
  }
}

extension DType {
  /// The field of `TensorValue` that elements of the type are written to.
  var immediateField: String {
    switch self {
    case .bool: "bools"
    case .int32, .int16, .uint16: "ints"
    case .int64, .uint64: "longInts"
    case .float32: "floats"
    case .float64: "doubles"
    case .string: "strings"
    default: "bytes"
    }
  }

  /// Whether an integer type has `value`; the bits of an unsigned 64-bit integer count as such.
  fileprivate func contains(_ value: Int64) -> Bool {
    if bitWidth == 64 { return true }
    let width = Int64(bitWidth)
    return isSignedInteger
      ? (-(1 << (width - 1))..<(1 << (width - 1))).contains(value)
      : (0..<(1 << width)).contains(value)
  }
}
