// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// `x` repeated `reps` times along each axis.
  ///
  /// C1: `reps` has an element for every axis of `x`, of which there is one. C2: they are at
  /// least 1.
  static let tile = OpSpec(
    "tile", operands: [.tensor("x", .T), .tensor("reps", .int32)],
    domains: [.T: .numbersAndBool],
    constraints: [
      Constraint("length(reps) = rank(x) >= 1") { op in
        if try op.rank("x") == 0 { throw op.fault("'x' is a scalar", .shapeMismatch) }
        try op.requireOnePerAxis("reps", of: "x")
      },
      Constraint("reps >= 1") { op in
        guard let reps = try op.elementsIfKnown("reps") else { return }
        try op.requireAtLeast(1, "reps", reps.compactMap(\.fixed))
      },
    ],
    results: { op in
      let x = try op.type(of: "x")
      guard let reps = try op.elementsIfKnown("reps") else {
        return [.tensor(x.dtype, x.shape.map { _ in op.freshDim() })]
      }
      return [.tensor(x.dtype, zip(x.shape, reps).map { $0 * $1 })]
    })
}
