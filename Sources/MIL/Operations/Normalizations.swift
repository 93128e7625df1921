// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// Normalizations: `y` has the type of `x`. Their constant parameters share the dtype of `x`
  /// before iOS 17 and have one of their own from then on.
  static let normalizations: [OpSpec] = [
    batchNorm, instanceNorm, l2Norm, layerNorm, localResponseNorm,
  ]

  /// `gamma * (x - mean) / sqrt(variance + epsilon) + beta` per channel.
  /// C1: `3 <= rank(x) <= 5`. C2: the parameters have one element per channel. C3: one `epsilon`.
  private static let batchNorm = normalization(
    "batch_norm",
    parameters: { domain in
      [.constant("mean", domain), .constant("variance", domain)] + scaleAndShift(domain)
    },
    constraints: [
      .rank("x", in: 3...5),
      .perChannel("mean", "variance", "gamma", "beta", of: "x"),
      .single("epsilon"),
    ])

  /// As `batch_norm`, with mean and variance taken over the spatial axes of each channel of each
  /// example. C1: `3 <= rank(x) <= 4`. C2: the parameters have one element per channel.
  /// C3: one `epsilon`.
  private static let instanceNorm = normalization(
    "instance_norm", parameters: scaleAndShift,
    constraints: [
      .rank("x", in: 3...4), .perChannel("gamma", "beta", of: "x"), .single("epsilon"),
    ])

  /// `x / sqrt(sum(x^2) + epsilon)` over the last three axes. C1: `rank(x) >= 3`.
  /// C2: one `epsilon`.
  private static let l2Norm = normalization(
    "l2_norm", parameters: { [.optionalConstant("epsilon", $0, default: 1e-6)] },
    constraints: [.rank("x", atLeast: 3), .single("epsilon")])

  /// `gamma * (x - mean) / sqrt(variance + epsilon) + beta` with mean and variance over `axes`
  /// (all of them when absent). C1: `axes` lie within the rank of `x`, none twice. C2: `gamma` and
  /// `beta` have the extents of `x` at `axes`. C3: one `epsilon`.
  private static let layerNorm = normalization(
    "layer_norm",
    parameters: { [.optionalConstant("axes", .int32)] + scaleAndShift($0) },
    constraints: [
      .axes("axes", within: "x"),
      Constraint("shape(gamma) == shape(beta) == extents of x at axes") { op in
        let x = try op.shape("x")
        let extents = try op.axes("axes", rank: x.count).map { x[$0] }
        for name in ["gamma", "beta"] { try op.requireShape(name, extents) }
      },
      .single("epsilon"),
    ])

  /// `x / (k + alpha / size * sum of x^2 over size channels)^beta`. C1: `3 <= rank(x) <= 4`.
  /// C2: `size >= 1`.
  private static let localResponseNorm = normalization(
    "local_response_norm",
    parameters: {
      [
        .constant("size", .int32), .optionalConstant("alpha", $0, default: 1e-4),
        .optionalConstant("beta", $0, default: 0.75), .optionalConstant("k", $0, default: 1.0),
      ]
    },
    constraints: [.rank("x", in: 3...4), .int("size", atLeast: 1)])

  private static func normalization(
    _ name: String, parameters: (Domain) -> [Operand], constraints: [Constraint]
  ) -> OpSpec {
    OpSpec(
      name, operands: [.tensor("x", .T)] + parameters(.T), domains: [.T: .floats],
      revisions: [
        Signature(
          since: .iOS17, operands: [.tensor("x", .T)] + parameters(.U),
          domains: [.T: .floats, .U: .floats])
      ], constraints: constraints, results: sameAsX)
  }

  private static func scaleAndShift(_ domain: Domain) -> [Operand] {
    [
      .optionalConstant("gamma", domain), .optionalConstant("beta", domain),
      .optionalConstant("epsilon", domain, default: 1e-5),
    ]
  }
}
