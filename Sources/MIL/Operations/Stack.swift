// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// `values` of one shape side by side along a new axis, which is `axis` of the result.
  ///
  /// C1: there are values, of one dtype. C2: they have one rank. C3: they have one shape.
  /// C4: `-rank - 1 <= axis <= rank`.
  static let stack = OpSpec(
    "stack", operands: [.variadic("values"), .constant("axis", .int32)],
    constraints: [
      .sameDTypes("values"), .sameRanks("values"),
      Constraint("values of one shape") { op in _ = try op.commonShape() },
      Constraint("-rank - 1 <= axis <= rank") { op in
        _ = try op.axis("axis", rank: op.commonShape().count + 1)
      },
    ],
    results: { op in
      let types = try op.tensorTypes(of: "values")
      var shape = try op.commonShape()
      shape.insert(.fixed(types.count), at: try op.axis("axis", rank: shape.count + 1))
      return [.tensor(types[0].dtype, shape)]
    })
}

extension OpContext {
  /// The shape that all of `values` have.
  fileprivate func commonShape() throws -> [Dim] {
    let shapes = try tensorTypes(of: "values").map(\.shape)
    guard let first = shapes.first else { throw fault("'values' is empty") }
    return try shapes.dropFirst().reduce(first) { common, shape in
      guard mayEqual(common, shape) else {
        throw fault(
          "'values' mixes shapes \(describe(common)) and \(describe(shape))", .shapeMismatch)
      }
      return unified(common, shape)
    }
  }
}
