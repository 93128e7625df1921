// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors
import Testing

/// One operation in the language of `Fixtures/mil` (see `scripts/make-catalogue-fixture`):
/// `add iOS15 x=float16[2,s] y=0.5`.
struct OperationCase: CustomTestStringConvertible, Sendable {
  let text: String
  let name: String
  let opset: Opset
  let operands: [(name: String, value: String)]

  init(_ text: String) {
    self.text = text
    let words = text.split(separator: " ").map(String.init)
    name = words[0]
    opset = Opset.allCases.first { "\($0)" == words[1] } ?? .iOS15
    operands = words.dropFirst(2).map { word in
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      return (parts[0], parts[1])
    }
  }

  var testDescription: String { text }

  /// The types of the results. Throws what the builder has against the operation.
  func results() throws -> [ValueType] {
    let builder = FunctionBuilder(opset: opset)
    return try emit(builder).map(builder.valueType)
  }

  /// A function of this one operation.
  func function() throws -> Function {
    let builder = FunctionBuilder(opset: opset)
    let results = try emit(builder).enumerated().map { ("y\($0.offset)", $0.element) }
    return try builder.finish(outputs: results)
  }

  /// The results of the operation, emitted with another value for one operand if so asked.
  @discardableResult
  func emit(
    _ builder: FunctionBuilder, replacing odd: String? = nil, with other: Value? = nil
  ) throws -> [Value] {
    var inputs = try operands.filter { $0.name != odd }.map { operand -> (String, Value?) in
      (operand.name, try value(operand.value, builder))
    }
    if let odd { inputs.append((odd, other)) }
    return try builder.emit(name, inputs: inputs)
  }

  private func value(_ text: String, _ builder: FunctionBuilder) throws -> Value {
    if text.hasPrefix("{") {
      let items = text.dropFirst().dropLast().split(separator: ";")
      return .many(try items.map { try value(String($0), builder) })
    }
    if text.hasPrefix("\"") { return .string(String(text.dropFirst().dropLast())) }
    if text.hasPrefix("[") { return list(text) }
    if text.hasSuffix("!") { return .constant(try constant(text)) }
    if text.hasSuffix("]") { return builder.input("input", .tensor(tensorType(text))) }
    if text == "true" || text == "false" { return .bool(text == "true") }
    if let integer = Int(text) { return .int(integer) }
    return .float(Double(text) ?? .nan)
  }

  private func list(_ text: String) -> Value {
    let items = text.dropFirst().dropLast().split(separator: ",").map(String.init)
    if items.contains("true") || items.contains("false") {
      return .bools(items.map { $0 == "true" })
    }
    return .ints(items.compactMap(Int.init))
  }

  /// `float16[3]!` is ones, `float16[3]!!` counts from 1.
  private func constant(_ text: String) throws -> Constant {
    let type = tensorType(text.filter { $0 != "!" })
    let shape = type.fixedShape ?? []
    let indices = 0..<shape.reduce(1, *)
    let values = indices.map { text.hasSuffix("!!") ? Double($0 + 1) : 1 }
    return Constant(try TensorData(values, as: type.dtype, shape: shape))
  }
}

/// `float16[1,s,?]`; `?` becomes the symbol `unknown`.
func tensorType(_ text: String) -> TensorType {
  let parts = text.split(separator: "[", maxSplits: 1, omittingEmptySubsequences: false)
  let extents = parts[1].dropLast().split(separator: ",").map { extent -> Dim in
    Int(extent).map { .fixed($0) } ?? .symbol(extent == "?" ? "unknown" : String(extent))
  }
  return TensorType(DType(rawValue: String(parts[0])) ?? .string, extents)
}
