// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// `x` with the slice that `slice_by_index` would take replaced by `update`.
  ///
  /// C1: `begin`, `end`, `stride` and the masks as in `slice_by_index`. C2: `update` has the shape
  /// of the slice. C3: `update` is not a scalar.
  static let sliceUpdate = OpSpec(
    "slice_update", since: .iOS18,
    operands: [
      .tensor("x", .T), .tensor("update", .T), .tensor("begin", .U), .tensor("end", .U),
      .optionalConstant("stride", .U),
    ] + sliceMasks,
    domains: [.T: .runtime, .U: .extents],
    constraints: [
      .slicesFit,
      Constraint("shape(update) = shape of the slice") { op in
        let (slice, update) = (try op.slicedShape(), try op.shape("update"))
        guard op.mayEqual(slice, update) else {
          throw op.fault(
            "'update' has shape \(op.describe(update)) but the slice \(op.describe(slice))",
            .shapeMismatch)
        }
      },
      Constraint("rank(update) > 0") { op in
        if try op.rank("update") == 0 {
          throw op.fault(
            "'update' is a scalar", .shapeMismatch, fix: "do not squeeze every axis")
        }
      },
    ],
    results: { op in [.tensor(try op.type(of: "x"))] })
}
