// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension ONNXLowering {
  /// Operators that are a scalar function of each element.
  static let elementwiseUnary: [ONNXLowering] =
    direct.map { direct($0.source, $0.mil, $0.function) }
    + composed.map { row in
      unary(row.source, row.function, row.lower)
    }

  private typealias Function = @Sendable (Double) -> Double

  /// Those that MIL has too.
  private static let direct: [(source: String, mil: String, function: Function?)] = [
    ("Acos", "acos", nil), ("Asin", "asin", nil), ("Atan", "atan", nil), ("Atanh", "atanh", nil),
    ("Ceil", "ceil", { $0.rounded(.up) }), ("Cos", "cos", nil), ("Cosh", "cosh", nil),
    ("Erf", "erf", nil), ("Exp", "exp", { exp($0) }), ("Floor", "floor", { $0.rounded(.down) }),
    ("Log", "log", nil), ("Round", "round", { $0.rounded(.toNearestOrEven) }),
    ("Sigmoid", "sigmoid", nil), ("Sin", "sin", nil), ("Sinh", "sinh", nil),
    ("Softplus", "softplus", nil), ("Softsign", "softsign", nil),
    ("Sqrt", "sqrt", { $0.squareRoot() }), ("Tan", "tan", nil), ("Tanh", "tanh", nil),
  ]

  private static func direct(_ source: String, _ mil: String, _ function: Function?) -> ONNXLowering
  {
    unary(source, function) { x, build in try build.emit(mil, ["x": x])[0] }
  }

  private static func unary(
    _ source: String, _ function: Function?,
    _ lower: @escaping @Sendable (Value, FunctionBuilder) throws -> Value
  ) -> ONNXLowering {
    ONNXLowering(
      source, "X",
      fold: { node in
        guard let function else { return nil }
        return try node.known("X")?.map(function)
      }
    ) { node, build in try lower(node.value("X"), build) }
  }

  private static let composed:
    [(
      source: String, function: Function?,
      lower: @Sendable (Value, FunctionBuilder) throws -> Value
    )] = [
      // log(x + sqrt(x^2 - 1))
      (
        "Acosh", nil,
        { x, build in
          let root = try build.mil.sqrt(
            x: build.mil.sub(x: build.mil.square(x: x), y: .float(1)))
          return try build.mil.log(x: build.mil.add(x: x, y: root), epsilon: 0.0)
        }
      ),
      // sign(x) * log(|x| + sqrt(x^2 + 1))
      (
        "Asinh", nil,
        { x, build in
          let root = try build.mil.sqrt(
            x: build.mil.add(x: build.mil.square(x: x), y: .float(1)))
          let sum = try build.mil.add(x: build.mil.abs(x: x), y: root)
          return try build.mil.mul(
            x: build.mil.sign(x: x), y: build.mil.log(x: sum, epsilon: 0.0))
        }
      ),
      // x * tanh(softplus(x))
      (
        "Mish", nil,
        { x, build in
          try build.mil.mul(x: x, y: build.mil.tanh(x: build.mil.softplus(x: x)))
        }
      ),
      (
        "HardSwish", nil,
        { x, build in
          let gate = try build.mil.sigmoid_hard(x: x, alpha: .float(1.0 / 6), beta: 0.5)
          return try build.mil.mul(x: x, y: gate)
        }
      ),
      ("Reciprocal", { 1 / $0 }, { x, build in try build.mil.real_div(x: .float(1), y: x) }),
    ]
}
