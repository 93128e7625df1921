// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  static let convolutions: [OpSpec] = [conv, convQuantized, convTranspose]

  /// Convolution of `x[N, I, spatial..]` with `weight[O, I / groups, kernel..]`, plus `bias[O]`;
  /// 1 to 3 spatial axes. Gives `[N, O, (x + pads - dilation * (k - 1) - 1) / stride + 1 ..]`.
  ///
  /// C1: `3 <= rank(x) <= 5`. C2: `rank(weight) == rank(x)`. C3: `groups >= 1` divides `I` and
  /// `O`, and `weight` has `I / groups` input channels. C4: `bias` has `O` elements. C5: `strides`
  /// and `dilations` have one positive element per spatial axis, `pad` two that are not negative.
  /// C6: `pad_type` is `valid`, `same`, `custom` or, from iOS 16 on, `same_lower`. C7: no
  /// dilation where `weight` is computed at run time. C8: the window fits in the padded input.
  private static let conv = OpSpec(
    "conv",
    operands: [.tensor("x", .T), .tensor("weight", .T), .optionalConstant("bias", .T)]
      + convolutionWindow,
    domains: [.T: .floats],
    revisions: [
      Signature(
        since: .iOS17,
        operands: [.tensor("x", .T), .tensor("weight", .U), .optional("bias", .U)]
          + convolutionWindow,
        domains: [.T: .floats, .U: .floats])
    ], constraints: convolutionConstraints, results: convolved)

  /// As `conv`, with the weights quantized to `nbits`.
  private static let convQuantized = OpSpec(
    "conv_quantized",
    operands: [
      .tensor("x", .T), .tensor("weight", .U), .optionalConstant("bias", .U),
      .constant("quantization_type", .string), .optionalConstant("nbits", .int32, default: 8),
      .constant("quant_scale", .T), .constant("quant_bias", .T),
    ] + convolutionWindow,
    domains: [.T: .floats, .U: [.uint8]],
    constraints: convolutionConstraints + [
      .choice("quantization_type", ["linear", "lut"]),
      Constraint("1 <= nbits <= 8") { op in
        let bits = try op.int("nbits")
        guard (1...8).contains(bits) else { throw op.fault("'nbits' is \(bits), not one of 1...8") }
      },
    ], results: convolved)

  static let convolutionWindow: [Operand] = [
    .optionalConstant("strides", .int32),
    .optionalConstant("pad_type", .string, default: "valid"),
    .optionalConstant("pad", .int32), .optionalConstant("dilations", .int32),
    .optionalConstant("groups", .int32, default: 1),
  ]

  private static let convolutionConstraints: [Constraint] = [
    .rank("x", in: 3...5), .weightRank, .int("groups", atLeast: 1), inputChannels, outputChannels,
    Constraint("shape(bias) == [O]") { op in
      try op.requireShape("bias", [op.shape("weight")[0]])
    },
    Constraint("dilations are 1 where weight is not a constant") { op in
      let dilations = try op.ints("dilations", count: op.rank("x") - 2, default: 1)
      guard op.isConstant("weight") || dilations.allSatisfy({ $0 == 1 }) else {
        throw op.fault(
          "'dilations' is \(op.describe(dilations)) but 'weight' is computed at run time",
          .unsupportedArgument)
      }
    },
  ]

  private static let inputChannels = Constraint("weight.shape[1] * groups == x.shape[1]") { op in
    let (x, weight, groups) = (try op.shape("x"), try op.shape("weight"), try op.int("groups"))
    guard op.mayEqual(x[1], weight[1] * .fixed(groups)) else {
      throw op.fault(
        "'x' has \(x[1]) channels but 'weight' \(op.describe(weight)) in \(groups) groups takes "
          + "\(weight[1] * .fixed(groups))", .shapeMismatch)
    }
  }

  private static let outputChannels = Constraint("weight.shape[0] % groups == 0") { op in
    let (channels, groups) = (try op.shape("weight")[0], try op.int("groups"))
    if let fixed = channels.fixed, fixed % groups != 0 {
      throw op.fault(
        "'weight' has \(fixed) output channels, which \(groups) groups do not divide",
        .shapeMismatch)
    }
  }

  private static let convolved: @Sendable (OpContext) throws -> [ValueType] = { op in
    let (x, weight) = (try op.type(of: "x"), try op.shape("weight"))
    let window = try op.window(kernel: Array(weight.dropFirst(2)))
    let spatial = try op.outputExtents(window, over: Array(x.shape.dropFirst(2)))
    return [.tensor(x.dtype, [x.shape[0], weight[0]] + spatial)]
  }
}

extension Constraint {
  /// `rank(weight) == rank(x)`.
  static let weightRank = Constraint("rank(weight) == rank(x)") { op in
    let (x, weight) = (try op.rank("x"), try op.rank("weight"))
    guard x == weight else {
      throw op.fault("'weight' has rank \(weight) but 'x' has rank \(x)", .shapeMismatch)
    }
  }
}
