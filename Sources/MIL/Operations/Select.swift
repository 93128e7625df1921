// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// `a` where `cond` holds, else `b`, element by element. C1: the three shapes broadcast.
  static let select = OpSpec(
    "select", operands: [.tensor("cond", .bool), .tensor("a", .T), .tensor("b", .T)],
    domains: [.T: .numbersAndBool],
    constraints: [
      Constraint("shapes of cond, a and b broadcast") { op in
        _ = try op.broadcast(op.broadcast(op.shape("a"), op.shape("b")), op.shape("cond"))
      }
    ],
    results: { op in
      let values = try op.broadcast(op.shape("a"), op.shape("b"))
      return [.tensor(try op.dtype("a"), try op.broadcast(values, op.shape("cond")))]
    })
}
