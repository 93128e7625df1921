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
        let update = try op.shape("update")
        let slice = try op.slices().filter { !$0.isSqueezed }.map(\.count)
        let agrees = zip(slice, update).allSatisfy { a, b in
          a.map { op.mayEqual($0, b) } ?? true
        }
        guard slice.count == update.count, agrees else {
          let shape = slice.map { $0?.description ?? "?" }.joined(separator: ", ")
          throw op.fault(
            "'update' has shape \(op.describe(update)) but the slice [\(shape)]", .shapeMismatch)
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
