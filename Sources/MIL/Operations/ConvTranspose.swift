// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// Transposed convolution of `x[N, I, spatial..]` with `weight[I, O / groups, kernel..]`, plus
  /// `bias[O]`. Gives `[N, O, (x - 1) * stride + dilation * (k - 1) + 1 - pads ..]`; with
  /// `pad_type` `same`, `x * stride`; or `output_shape` where it is given.
  ///
  /// C1: `3 <= rank(x) <= 5`. C2: `rank(weight) == rank(x)`. C3: `groups >= 1` divides `I`, and
  /// `weight` has `I` input channels. C4: `bias` has `O` elements. C5: `strides` and `dilations`
  /// have one positive element per spatial axis, `pad` two that are not negative. C6: `pad_type`
  /// is `valid`, `same` or `custom`. C7: `output_shape` has `rank(x)` elements and begins with
  /// `N, O`. C8: every output extent is positive.
  static let convTranspose = OpSpec(
    "conv_transpose",
    operands: [.tensor("x", .T), .constant("weight", .T), .optionalConstant("bias", .T)]
      + transposedWindow,
    domains: [.T: .floats],
    revisions: [
      Signature(
        since: .iOS17,
        operands: [.tensor("x", .T), .tensor("weight", .U), .optional("bias", .U)]
          + transposedWindow,
        domains: [.T: .floats, .U: .floats])
    ],
    constraints: [
      .rank("x", in: 3...5), .weightRank, .int("groups", atLeast: 1), transposedChannels,
      Constraint("shape(bias) == [O]") { op in
        try op.requireShape("bias", [transposedOutputChannels(op)])
      },
    ]
  ) { op in
    let x = try op.type(of: "x")
    let channels = try transposedOutputChannels(op)
    if op.has("output_shape") { return [.tensor(x.dtype, try givenShape(op, x.shape, channels))] }
    return [.tensor(x.dtype, [x.shape[0], channels] + (try transposedExtents(op, x.shape)))]
  }

  private static let transposedWindow: [Operand] = [
    .optionalConstant("pad", .int32), .optionalConstant("output_shape", .int32),
    .optionalConstant("pad_type", .string, default: "valid"),
    .optionalConstant("strides", .int32), .optionalConstant("dilations", .int32),
    .optionalConstant("groups", .int32, default: 1),
  ]

  private static let transposedChannels = Constraint(
    "weight.shape[0] == x.shape[1], a multiple of groups"
  ) { op in
    let (x, weight, groups) = (try op.shape("x"), try op.shape("weight"), try op.int("groups"))
    guard op.mayEqual(x[1], weight[0]) else {
      throw op.fault(
        "'x' has \(x[1]) channels but 'weight' \(op.describe(weight)) takes \(weight[0])",
        .shapeMismatch)
    }
    if let fixed = weight[0].fixed, fixed % groups != 0 {
      throw op.fault(
        "'x' has \(fixed) channels, which \(groups) groups do not divide", .shapeMismatch)
    }
  }

  private static func transposedOutputChannels(_ op: OpContext) throws -> Dim {
    try op.shape("weight")[1] * .fixed(op.int("groups"))
  }

  private static func givenShape(_ op: OpContext, _ x: [Dim], _ channels: Dim) throws -> [Dim] {
    let shape = try op.ints("output_shape", count: x.count, default: 0)
    guard op.mayEqual(.fixed(shape[0]), x[0]), op.mayEqual(.fixed(shape[1]), channels),
      shape.dropFirst(2).allSatisfy({ $0 >= 1 })
    else {
      throw op.fault(
        "'output_shape' is \(op.describe(shape)); it must begin with \(x[0]), \(channels) and "
          + "have positive extents", .shapeMismatch)
    }
    return [x[0], channels] + shape.dropFirst(2).map { .fixed($0) }
  }

  private static func transposedExtents(_ op: OpContext, _ x: [Dim]) throws -> [Dim] {
    let window = try op.window(kernel: Array(op.shape("weight").dropFirst(2)))
    if window.padding == .sameLower {
      throw op.fault(
        "'pad_type' is 'same_lower', not one of valid, same, custom", .unsupportedArgument)
    }
    return try x.dropFirst(2).enumerated().map { axis, extent in
      let stride = Dim.fixed(window.strides[axis])
      if window.padding == .same { return extent * stride }
      let pads =
        window.padding == .custom
        ? Dim.fixed(window.pads[2 * axis])
          + .fixed(window.pads[2 * axis + 1]) : 0
      let size = (extent - 1) * stride + window.effectiveKernel(axis) - pads
      if let fixed = size.fixed, fixed <= 0 {
        throw op.fault(
          "'pad' leaves nothing of spatial axis \(axis), whose extent is \(size + pads)",
          .shapeMismatch)
      }
      return size
    }
  }
}
