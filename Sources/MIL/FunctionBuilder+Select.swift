// SPDX-License-Identifier: Apache-2.0
import Tensors

extension FunctionBuilder {
  /// The operands of a `select` with one of the values as large as the result.
  ///
  /// MIL takes the shape of the result from `a` and `b` alone. Where the condition is larger, `b`
  /// is spread over its shape: `0 * condition + b`.
  func selectOperands(_ inputs: [(String, Value?)]) throws -> [(String, Value?)] {
    func operand(_ name: String) -> Value? { inputs.first { $0.0 == name }?.1 }
    guard let condition = operand("cond"), let a = operand("a"), let b = operand("b") else {
      return inputs
    }
    let values = try broadcastShape(shape(of: a), shape(of: b))
    let whole = try broadcastShape(values, shape(of: condition))
    if whole == values { return inputs }
    let typed = [a, b].first { if case .ssa = $0 { true } else { $0.isTypedConstant } }
    let dtype = try typed.map { try self.dtype(of: $0) } ?? .float32
    // Booleans are spread as integers.
    let wide: DType = dtype == .bool ? .int32 : dtype
    let flags = try mil.cast(x: condition, dtype: .string(wide.milName ?? wide.rawValue))
    let zero = Value.constant(Constant(try TensorData([0], as: wide, shape: [])))
    let base = dtype == .bool ? try mil.cast(x: b, dtype: "int32") : b
    var spread = try mil.add(x: mil.mul(x: flags, y: zero), y: base)
    if dtype == .bool { spread = try mil.cast(x: spread, dtype: "bool") }
    return [("cond", condition), ("a", a), ("b", spread)]
  }

  private func broadcastShape(_ a: [Dim], _ b: [Dim]) throws -> [Dim] {
    let rank = max(a.count, b.count)
    let x = Array(repeating: Dim.fixed(1), count: rank - a.count) + a
    let y = Array(repeating: Dim.fixed(1), count: rank - b.count) + b
    return zip(x, y).map { p, q in p == 1 || q.isFixed && q != 1 && !p.isFixed ? q : p }
  }
}

extension Value {
  fileprivate var isTypedConstant: Bool {
    if case .constant = self { true } else { false }
  }
}
