// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// Activation functions: `y` has the type of `x`.
  static let activations: [OpSpec] =
    plain + withAlpha + withAlphaAndBeta + [gelu, prelu, softmax, softplusParametric]

  private static let plain = ["relu", "relu6", "sigmoid", "silu", "softplus", "softsign"].map {
    unary($0, .floats)
  }

  /// C1: one `alpha`.
  private static let withAlpha = ["elu", "leaky_relu", "thresholded_relu"].map {
    parametric($0, ["alpha"], [.single("alpha")])
  }

  /// C1, C2: one `alpha`, one `beta`.
  private static let withAlphaAndBeta = [
    "clamped_relu", "linear_activation", "scaled_tanh", "sigmoid_hard",
  ].map { parametric($0, ["alpha", "beta"], [.single("alpha"), .single("beta")]) }

  /// Constant parameters share the dtype of `x` before iOS 17 and have one of their own after.
  private static func parametric(
    _ name: String, _ parameters: [String], _ constraints: [Constraint]
  ) -> OpSpec {
    OpSpec(
      name, operands: [.tensor("x", .T)] + parameters.map { .constant($0, .T) },
      domains: [.T: .floats],
      revisions: [
        Signature(
          since: .iOS17, operands: [.tensor("x", .T)] + parameters.map { .constant($0, .U) },
          domains: [.T: .floats, .U: .floats])
      ],
      constraints: constraints, results: sameAsX)
  }

  /// `x * Phi(x)`, exactly or by an approximation. C1: `mode` is one of three.
  private static let gelu = OpSpec(
    "gelu",
    operands: [.tensor("x", .T), .optionalConstant("mode", .string, default: "EXACT")],
    domains: [.T: .floats],
    constraints: [.choice("mode", ["EXACT", "TANH_APPROXIMATION", "SIGMOID_APPROXIMATION"])],
    results: sameAsX)

  /// `x` where positive, `alpha[channel] * x` elsewhere. C1: `3 <= rank(x) <= 5`.
  /// C2: `alpha` has one element per channel. C3: all are equal unless `rank(x) == 4`.
  private static let prelu = parametric(
    "prelu", ["alpha"],
    [
      .rank("x", in: 3...5), .perChannel("alpha", of: "x"),
      Constraint("all elements of alpha are equal unless rank(x) == 4") { op in
        guard try op.rank("x") != 4, let alpha = try op.floats("alpha"), let first = alpha.first
        else { return }
        guard alpha.allSatisfy({ abs($0 - first) <= 1e-5 }) else {
          throw op.fault("'alpha' differs between channels, which needs an 'x' of rank 4")
        }
      },
    ])

  /// `alpha[channel] * log(1 + exp(beta[channel] * x))`. C1: `rank(x) >= 3`.
  /// C2: `alpha` and `beta` have one element per channel.
  private static let softplusParametric = parametric(
    "softplus_parametric", ["alpha", "beta"],
    [.rank("x", atLeast: 3), .perChannel("alpha", "beta", of: "x")])
}
