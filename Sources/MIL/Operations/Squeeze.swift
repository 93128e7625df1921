// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// `x` without `axes`; without every axis of fixed extent 1 when they are absent.
  ///
  /// C1: `axes` has rank 1. C2: they lie in `-rank(x)..<rank(x)`, distinct. C3: their extents are 1.
  static let squeeze = OpSpec(
    "squeeze", operands: [.tensor("x", .T), .optionalConstant("axes", .int32)],
    domains: [.T: .numbersAndBool],
    revisions: [
      Signature(
        since: .iOS17, operands: [.tensor("x", .T), .optionalConstant("axes", .int32)],
        domains: [.T: .runtime])
    ],
    constraints: [
      .vector("axes"), .axes("axes", within: "x"),
      Constraint("extent(x, axes) = 1") { op in
        guard op.has("axes") else { return }
        let shape = try op.shape("x")
        for axis in try op.axes("axes", rank: shape.count) where shape[axis] != 1 {
          throw op.fault("axis \(axis) of 'x' has extent \(shape[axis]), not 1", .shapeMismatch)
        }
      },
    ],
    results: { op in
      let x = try op.type(of: "x")
      let axes =
        op.has("axes")
        ? try op.axes("axes", rank: x.rank) : x.shape.indices.filter { x.shape[$0] == 1 }
      return [.tensor(x.dtype, x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] })]
    })
}
