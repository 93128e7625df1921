// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// The elements of `x` from `begin` up to `end` in steps of `stride`, by axis.
  ///
  /// Where `begin_mask` or `end_mask` is set the bound is open; where `squeeze_mask` is set the
  /// element at `begin` is taken and the axis dropped. Numbers below zero count from the end.
  /// C1: `begin`, `end`, `stride` and the masks have an element for every axis of `x`. C2: strides
  /// are not 0. C3: constant bounds of one sign are in the order of the stride. C4: a squeezed axis
  /// has the element. C5: a constant end is not below the first element where the stride is negative:
  /// coremltools and NumPy disagree about what that means.
  static let sliceByIndex = OpSpec(
    "slice_by_index",
    operands: [
      .tensor("x", .T), .tensor("begin", .int32), .tensor("end", .int32),
      .optionalConstant("stride", .int32),
    ] + sliceMasks,
    domains: [.T: .numbersAndBool],
    revisions: [
      Signature(
        since: .iOS17,
        operands: [
          .tensor("x", .T), .tensor("begin", .U), .tensor("end", .U),
          .optionalConstant("stride", .U),
        ] + sliceMasks,
        domains: [.T: .runtime, .U: .extents])
    ],
    constraints: [.slicesFit],
    results: { op in [.tensor(try op.dtype("x"), try op.slicedShape())] })

  static let sliceMasks: [Operand] = [
    .optionalConstant("begin_mask", .bool), .optionalConstant("end_mask", .bool),
    .optionalConstant("squeeze_mask", .bool),
  ]
}
