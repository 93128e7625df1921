// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// Pooling of `x[N, C, spatial..]` over windows of `kernel_sizes`; 1 to 3 spatial axes.
  ///
  /// C1: `3 <= rank(x) <= 5` (`l2_pool`: 4). C2: `kernel_sizes` and `strides` have one positive
  /// element per spatial axis, `pad` two that are not negative. C3: `pad_type` is `valid`, `same`,
  /// `custom` or, from iOS 16 on, `same_lower`. C4: `ceil_mode` needs at most 2 spatial axes,
  /// symmetric pads and another `pad_type` than `same`. C5: the window fits in the padded input.
  static let pools: [OpSpec] = [
    pool(
      "avg_pool", spatial: 3,
      [.optionalConstant("exclude_padding_from_average", .bool, default: false)]),
    pool("l2_pool", spatial: 2), pool("max_pool", spatial: 3),
  ]

  private static func pool(_ name: String, spatial: Int, _ more: [Operand] = []) -> OpSpec {
    OpSpec(
      name,
      operands: more + [
        .tensor("x", .T), .constant("kernel_sizes", .int32),
        .optionalConstant("strides", .int32), .constant("pad_type", .string),
        .optionalConstant("pad", .int32), .optionalConstant("ceil_mode", .bool, default: false),
      ],
      domains: [.T: .floats],
      constraints: [.rank("x", in: 3...(2 + spatial)), kernelSizes, ceilMode]
    ) { op in
      let x = try op.type(of: "x")
      let window = try poolWindow(op)
      let extents = try op.outputExtents(window, over: Array(x.shape.dropFirst(2)))
      return [.tensor(x.dtype, x.shape.prefix(2) + extents)]
    }
  }

  private static func poolWindow(_ op: OpContext) throws -> SlidingWindow {
    let sizes = try op.ints("kernel_sizes")
    var window = try op.window(kernel: sizes.map { .fixed($0) })
    window.ceilMode = try op.bool("ceil_mode")
    return window
  }

  private static let kernelSizes = Constraint("kernel_sizes[i] >= 1 for each spatial axis") { op in
    let sizes = try op.ints("kernel_sizes", count: op.rank("x") - 2, default: 1)
    guard sizes.allSatisfy({ $0 >= 1 }) else {
      throw op.fault("'kernel_sizes' is \(op.describe(sizes)); every element must be 1 or more")
    }
  }

  private static let ceilMode = Constraint(
    "ceil_mode needs at most 2 spatial axes, symmetric pads and pad_type other than same"
  ) { op in
    let window = try poolWindow(op)
    guard window.ceilMode else { return }
    guard window.kernel.count <= 2 else {
      throw op.fault("'ceil_mode' is set with 3 spatial axes, not 1 or 2", .unsupportedArgument)
    }
    if window.padding == .same || window.padding == .sameLower {
      throw op.fault(
        "'ceil_mode' is set with 'pad_type' '\(window.padding.rawValue)'", .unsupportedArgument)
    }
    for axis in window.kernel.indices where window.pads[2 * axis] != window.pads[2 * axis + 1] {
      throw op.fault(
        "'ceil_mode' is set but 'pad' is \(op.describe(window.pads)), which is not symmetric",
        .unsupportedArgument)
    }
  }
}
