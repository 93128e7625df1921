// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// `x` backwards along `axes`; along every axis when they are absent.
  /// C1: `axes` has rank 1. C2: they lie in `-rank(x)..<rank(x)`, distinct.
  static let reverse = OpSpec(
    "reverse", operands: [.tensor("x", .T), .optionalConstant("axes", .int32)],
    domains: [.T: .numbersAndBool],
    revisions: [
      Signature(
        since: .iOS17, operands: [.tensor("x", .T), .optionalConstant("axes", .int32)],
        domains: [.T: .runtime])
    ],
    constraints: [.vector("axes"), .axes("axes", within: "x")],
    results: { op in [.tensor(try op.type(of: "x"))] })

  /// The first `lengths[i]` elements along `seq_axis` backwards, for every `i` along `batch_axis`.
  ///
  /// C1: `-rank(x) <= seq_axis < rank(x)`. C2: likewise `batch_axis`. C3: `lengths` has an element
  /// for each of the batch.
  static let reverseSequence = OpSpec(
    "reverse_sequence",
    operands: [
      .tensor("x", .T), .tensor("lengths", .int32),
      .optionalConstant("seq_axis", .int32, default: 0),
      .optionalConstant("batch_axis", .int32, default: 0),
    ],
    domains: [.T: .numbersAndBool],
    revisions: [
      Signature(
        since: .iOS17,
        operands: [
          .tensor("x", .T), .tensor("lengths", .U),
          .optionalConstant("seq_axis", .int32, default: 0),
          .optionalConstant("batch_axis", .int32, default: 0),
        ], domains: [.T: .runtime, .U: .extents])
    ],
    constraints: [
      .axis("seq_axis", within: "x"), .axis("batch_axis", within: "x"),
      Constraint("length(lengths) = extent(x, batch_axis)") { op in
        let x = try op.shape("x")
        try op.requireShape("lengths", [x[op.axis("batch_axis", rank: x.count)]])
      },
    ],
    results: { op in [.tensor(try op.type(of: "x"))] })
}
