// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// Operations that are a function of each element: `y` has the shape of `x`.
  static let elementwiseUnary: [OpSpec] =
    floatUnary + numberUnary + epsilonUnary + [logicalNot, threshold, clip, cast]

  private static let floatUnary = [
    "acos", "asin", "atan", "atanh", "ceil", "cos", "cosh", "erf", "exp", "floor", "round", "sin",
    "sinh", "sqrt", "tan", "tanh",
  ].map { unary($0, .floats) }

  private static let numberUnary = ["abs", "exp2", "sign", "square"].map { unary($0, .numbers) }

  /// `1 / (x + epsilon)`, `log(x + epsilon)`, `1 / sqrt(x + epsilon)`. C1: one `epsilon`.
  private static let epsilonUnary = [
    offset("inverse", epsilon: 1e-4), offset("log", epsilon: 1e-45),
    offset("rsqrt", epsilon: 1e-12),
  ]

  static func unary(_ name: String, _ dtypes: [DType]) -> OpSpec {
    OpSpec(name, operands: [.tensor("x", .T)], domains: [.T: dtypes], results: sameAsX)
  }

  /// `y` has the type of `x`.
  static let sameAsX: @Sendable (OpContext) throws -> [ValueType] = { op in
    [.tensor(try op.type(of: "x"))]
  }

  private static func offset(_ name: String, epsilon: Double) -> OpSpec {
    let literal = Literal.float(epsilon)
    return OpSpec(
      name, operands: [.tensor("x", .T), .optionalConstant("epsilon", .T, default: literal)],
      domains: [.T: .floats],
      revisions: [
        Signature(
          since: .iOS17,
          operands: [.tensor("x", .T), .optionalConstant("epsilon", .U, default: literal)],
          domains: [.T: .floats, .U: .floats])
      ],
      constraints: [.single("epsilon")], results: sameAsX)
  }

  private static let logicalNot = OpSpec(
    "logical_not", operands: [.tensor("x", .bool)], results: sameAsX)

  /// `max(x, alpha)`. C1: one `alpha`.
  private static let threshold = OpSpec(
    "threshold", operands: [.tensor("x", .T), .constant("alpha", .T)], domains: [.T: .numbers],
    constraints: [.single("alpha")], results: sameAsX)

  /// `min(max(x, alpha), beta)`. C1, C2: one `alpha`, one `beta`. C3: from iOS 17 on
  /// `alpha < beta`.
  private static let clip: OpSpec = {
    let operands: [Operand] = [.tensor("x", .T), .constant("alpha", .T), .constant("beta", .T)]
    return OpSpec(
      "clip", operands: operands, domains: [.T: .floats],
      revisions: [Signature(since: .iOS17, operands: operands, domains: [.T: .floats])],
      constraints: [
        .single("alpha"), .single("beta"),
        Constraint("alpha < beta (iOS 17 and later)") { op in
          guard op.opset >= .iOS17, let alpha = try op.floats("alpha")?.first,
            let beta = try op.floats("beta")?.first
          else { return }
          guard alpha < beta else {
            throw op.fault("'alpha' is \(alpha), which is not less than 'beta', \(beta)")
          }
        },
      ], results: sameAsX)
  }()

  /// `x` converted to the type that `dtype` names. C1: the opset has that type at run time.
  private static let cast = OpSpec(
    "cast", operands: [.tensor("x", .T), .constant("dtype", .string)],
    domains: [.T: .numbersAndBool],
    revisions: [
      Signature(
        since: .iOS17, operands: [.tensor("x", .T), .constant("dtype", .string)],
        domains: [.T: .runtime])
    ]
  ) { op in
    let dtype = try op.namedDType("dtype", in: op.signature.domains[.T] ?? [])
    return [.tensor(dtype, try op.shape("x"))]
  }
}
