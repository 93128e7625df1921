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
      let whole = try op.broadcast(values, op.shape("cond"))
      guard whole.count == values.count, zip(whole, values).allSatisfy({ $0 == $1 || $1 != 1 })
      else {
        throw op.fault(
          "'cond' has shape \(op.describe(try op.shape("cond"))) but 'a' and 'b' give "
            + op.describe(values), .shapeMismatch)
      }
      return [.tensor(try op.dtype("a"), values)]
    })
}
