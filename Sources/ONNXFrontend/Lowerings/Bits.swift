// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ONNXLowering {
  /// Operations on bits, in arithmetic. `and`, `or` and `xor` exist for integers of 8 and 16 bits;
  /// shifts by fewer places than an integer has bits.
  static let bits: [ONNXLowering] =
    [
      ONNXLowering("BitwiseNot", since: 18, "X") { node, build in
        let (x, dtype) = (try node.value("X"), try node.dtype("X"))
        guard dtype.isUnsignedInteger else { return try build.mil.sub(x: .int(-1), y: x) }
        guard dtype.bitWidth < 32 else { throw node.tooWide(dtype) }
        return try build.mil.sub(x: .int((1 << dtype.bitWidth) - 1), y: x)
      },
      ONNXLowering("BitShift", since: 11, "X Y", attributes: "direction") { node, build in
        try build.shifted(node)
      },
    ]
    + [("BitwiseAnd", "mul"), ("BitwiseOr", "maximum"), ("BitwiseXor", "not_equal")].map {
      source, mil in
      ONNXLowering(source, since: 18, "A B") { node, build in
        let dtype = try node.dtype("A")
        guard dtype.bitWidth <= 16 else { throw node.tooWide(dtype) }
        return try build.bitwise(node.value("A"), node.value("B"), mil, dtype)
      }
    }
}

extension NodeCall {
  fileprivate func tooWide(_ dtype: DType) -> Diagnostic {
    fault(
      .unsupportedType, "works on the bits of \(dtype.rawValue), which Core ML cannot do",
      fix: "use integers of 8 or 16 bits")
  }
}

extension FunctionBuilder {
  /// `X` shifted by `Y` places; 0 where there are not as many.
  fileprivate func shifted(_ node: NodeCall) throws -> Value {
    let dtype = try node.dtype("X")
    guard dtype.isUnsignedInteger else {
      throw node.fault(
        .malformed, "input 'X' is of type \(dtype.rawValue), not an unsigned integer")
    }
    let left = try node.choice("direction", ["LEFT", "RIGHT"], default: "") == "LEFT"
    // 2^31 is no int32, and no value that runs has that bit.
    let limit = min(dtype.bitWidth, 31)
    if left, let far = try node.known("Y")?.ints?.first(where: { $0 >= limit }),
      far < dtype.bitWidth
    {
      throw node.fault(
        .notRepresentable, "shifts \(dtype.rawValue) left by \(far), past what int32 can hold")
    }
    let (x, y) = (try node.value("X"), try node.value("Y"))
    // A negative count is that of an unsigned type, read as int32.
    let isWithin = try mil.logical_and(
      x: mil.greater_equal(x: y, y: .int(0)), y: mil.less(x: y, y: .int(limit)))
    let places = try mil.select(cond: isWithin, a: y, b: .int(0))
    let power = try mil.pow(x: .int(2), y: places)
    let result = try left ? wrapped(mil.mul(x: x, y: power), dtype) : mil.floor_div(x: x, y: power)
    return try mil.select(cond: isWithin, a: result, b: .int(0))
  }

  /// The sum over all bits of `operation(a's bit, b's bit)` times its place.
  fileprivate func bitwise(
    _ a: Value, _ b: Value, _ operation: String, _ dtype: DType
  ) throws -> Value {
    let span = 1 << dtype.bitWidth
    // Bits of negative numbers are those of the number a span above.
    var (x, y) = (try mil.mod(x: a, y: .int(span)), try mil.mod(x: b, y: .int(span)))
    var sum: Value?
    for place in 0..<dtype.bitWidth {
      let pair = (try mil.mod(x: x, y: 2), try mil.mod(x: y, y: 2))
      let bit = try cast(emit(operation, ["x": pair.0, "y": pair.1])[0], to: .int32)
      let term = try mil.mul(x: bit, y: .int(1 << place))
      sum = try sum.map { try mil.add(x: $0, y: term) } ?? term
      (x, y) = (try mil.floor_div(x: x, y: 2), try mil.floor_div(x: y, y: 2))
    }
    guard let sum else { return a }
    return try wrapped(sum, dtype)
  }
}
