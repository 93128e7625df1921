// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tensors

extension OpSpec {
  /// Random numbers of a given `shape`, in the dtype of the distribution's parameters (float32
  /// when none is given). `seed` -1 means another sequence each time.
  /// C1: `rank(shape) == 1` and its length is known. C2: one value for each parameter.
  static let random: [OpSpec] = [
    distribution("random_bernoulli", ["prob": 0.5]),
    distribution("random_normal", ["mean": 0.0, "stddev": 1.0]),
    distribution("random_uniform", ["low": 0.0, "high": 1.0]),
    randomCategorical,
  ]

  private static func distribution(
    _ name: String, _ parameters: KeyValuePairs<String, Literal>
  ) -> OpSpec {
    let names = parameters.map(\.key)
    return OpSpec(
      name,
      operands: [.tensor("shape", .int32)]
        + parameters.map { .optionalConstant($0.key, .T, default: $0.value) }
        + [.optionalConstant("seed", .int32, default: -1)],
      domains: [.T: .floats],
      constraints: [.rank("shape", 1)] + names.map { .single($0) }
    ) { op in
      let dtype = try names.first(where: op.has).map(op.dtype) ?? .float32
      return [.tensor(dtype, try op.extents("shape"))]
    }
  }

  /// `size` draws from each distribution along the last axis of `x`. C1: `rank(x) >= 1`.
  /// C2: `mode` is `logits` or `probs`. C3: `size >= 1`.
  private static let randomCategorical = OpSpec(
    "random_categorical",
    operands: [
      .tensor("x", .T), .optionalConstant("mode", .string, default: "logits"),
      .optionalConstant("size", .int32, default: 1),
      .optionalConstant("seed", .int32, default: -1),
    ],
    domains: [.T: .floats],
    constraints: [
      .rank("x", atLeast: 1), .choice("mode", ["logits", "probs"]), .int("size", atLeast: 1),
    ]
  ) { op in
    let x = try op.type(of: "x")
    return [.tensor(x.dtype, x.shape.dropLast() + [.fixed(try op.int("size"))])]
  }
}

extension OpContext {
  /// The shape that an operand of extents describes; fresh symbols where they are not known.
  /// Throws where their number is not known, or one is negative.
  package func extents(_ name: String) throws -> [Dim] {
    if let dims = try dims(name) {
      if let negative = dims.first(where: { ($0.fixed ?? 0) < 0 }) {
        throw fault("'\(name)' holds \(negative), which is no extent", .shapeMismatch)
      }
      return dims
    }
    guard let count = try shape(name).first?.fixed, count <= 16 else {
      throw fault(
        "the length of '\(name)' is not known, so the result has no known rank", .shapeMismatch)
    }
    return (0..<count).map { _ in freshDim() }
  }
}
