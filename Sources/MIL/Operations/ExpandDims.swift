// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// `x` with axes of extent 1 inserted, so that they are `axes` of the result.
  ///
  /// C1: `axes` has rank 1. C2: they lie in `-rank(y)..<rank(y)`, distinct, where
  /// `rank(y) = rank(x) + length(axes)`.
  static let expandDims = OpSpec(
    "expand_dims", operands: [.tensor("x", .T), .constant("axes", .int32)],
    domains: [.T: .numbersAndBool],
    revisions: [
      Signature(
        since: .iOS17, operands: [.tensor("x", .T), .constant("axes", .int32)],
        domains: [.T: .runtime])
    ],
    constraints: [
      .vector("axes"),
      Constraint("-rank(y) <= axes < rank(y), distinct") { op in _ = try op.insertedAxes() },
    ],
    results: { op in
      let x = try op.type(of: "x")
      let inserted = try Set(op.insertedAxes())
      var rest = x.shape.makeIterator()
      let shape = (0..<(x.rank + inserted.count)).map { axis in
        inserted.contains(axis) ? 1 : rest.next() ?? 1
      }
      return [.tensor(x.dtype, shape)]
    })
}

extension OpContext {
  /// `axes` as axes of the result.
  fileprivate func insertedAxes() throws -> [Int] {
    let axes = try vector("axes")
    let rank = try rank("x") + axes.count
    let wrapped = try axes.map { axis in
      guard (-rank..<rank).contains(axis) else {
        throw fault(
          "'axes' holds \(axis) but the result has rank \(rank)",
          fix: "use values in \(-rank)...\(rank - 1)")
      }
      return axis < 0 ? axis + rank : axis
    }
    guard Set(wrapped).count == wrapped.count else {
      throw fault("'axes' names an axis twice: \(axes)")
    }
    return wrapped
  }
}
