// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import MIL
import Tensors

/// Reads types; an unknown extent becomes a symbol of its own.
struct TypeReader {
  var symbols = SymbolTable()
  /// Set when something was read that the result does not say: unknown fields, attributes of a
  /// type, a variadic extent. The caller then keeps the message.
  var lost = false

  /// Notes what only the message says.
  mutating func noteUnknownFields(_ message: ProtoMessage) {
    if !message.unknownFields.isEmpty { lost = true }
  }

  mutating func type(_ message: ProtoMessage?) throws -> ValueType {
    guard let message else { throw Diagnostic.malformed("has no type") }
    noteUnknownFields(message)
    if let tensor = message.message("tensorType") { return .tensor(try self.tensor(tensor)) }
    switch message.oneofCase(of: "listType") {
    case "stateType": return .state(try state(message.inner("stateType")))
    case "listType":
      let list = message.inner("listType")
      noteUnknownFields(list)
      let length = list.message("length")
      return .list(try type(list.message("type")), length: try length.map { try extent($0) })
    case "tupleType":
      let tuple = message.inner("tupleType")
      noteUnknownFields(tuple)
      return .tuple(try tuple.messages("types").map { try type($0) })
    case "dictionaryType":
      let dictionary = message.inner("dictionaryType")
      noteUnknownFields(dictionary)
      return .dictionary(
        try type(dictionary.message("keyType")), try type(dictionary.message("valueType")))
    default: throw Diagnostic.malformed("has no type")
    }
  }

  private mutating func state(_ message: ProtoMessage) throws -> TensorType {
    noteUnknownFields(message)
    guard let tensor = try type(message.message("wrappedType")).tensor else {
      throw Diagnostic.malformed("is a state of something that is no tensor")
    }
    return tensor
  }

  private mutating func tensor(_ message: ProtoMessage) throws -> TensorType {
    noteUnknownFields(message)
    let code = message.int("dataType")
    guard let dtype = DType(milCode: code) else {
      throw Diagnostic.malformed("has the unknown dtype code \(code)")
    }
    let (rank, dimensions) = (message.int("rank"), message.messages("dimensions"))
    if rank < 0 {
      throw Diagnostic.error(
        .unsupportedType, "is a tensor of unknown rank, which is not supported")
    }
    guard rank == dimensions.count else {
      throw Diagnostic.malformed("has rank \(rank) but \(dimensions.count) dimensions")
    }
    if message.has("attributes") { lost = true }
    let shape = try dimensions.map { try extent($0) }
    let fixed = shape.compactMap(\.fixed)
    if elementCount(fixed) == nil {
      throw Diagnostic.malformed("has shape \(shape), which has too many elements")
    }
    return TensorType(dtype, shape)
  }

  private mutating func extent(_ message: ProtoMessage) throws -> Dim {
    noteUnknownFields(message)
    if let constant = message.message("constant") {
      noteUnknownFields(constant)
      let size = constant.uint("size")
      guard let extent = Int(exactly: size) else {
        throw Diagnostic.malformed("has an extent of \(size)")
      }
      return .fixed(extent)
    }
    guard let unknown = message.message("unknown") else {
      throw Diagnostic.malformed("has a dimension that is neither a number nor unknown")
    }
    noteUnknownFields(unknown)
    if unknown.bool("variadic") { lost = true }
    return symbols.fresh()
  }
}

extension Diagnostic {
  static func malformed(_ message: String) -> Diagnostic { .error(.malformed, message) }

  /// The same diagnostic about a part of what it was thrown for.
  func about(_ subject: String) -> Diagnostic {
    var copy = self
    copy.message = subject + " " + message
    return copy
  }
}
