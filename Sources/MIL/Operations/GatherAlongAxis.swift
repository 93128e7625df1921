// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// `y[i, j, k] = x[i, indices[i, j, k], k]` (for `axis` 1); the shape is that of `indices`.
  ///
  /// C1: `-rank(x) <= axis < rank(x)`. C2: `indices` has the rank of `x` and its extents but along
  /// `axis`. C3: since iOS 17 constant indices lie in `0..<extent`.
  static let gatherAlongAxis = OpSpec(
    "gather_along_axis",
    operands: [
      .tensor("x", .T), .tensor("indices", .int32), .optionalConstant("axis", .int32, default: 0),
    ],
    domains: [.T: .numbers],
    revisions: [
      Signature(
        since: .iOS16,
        operands: [
          .tensor("x", .T), .tensor("indices", .I),
          .optionalConstant("axis", .int32, default: 0),
        ], domains: [.T: .numbers, .I: .indices16]),
      Signature(
        since: .iOS17,
        operands: [
          .tensor("x", .T), .tensor("indices", .I),
          .optionalConstant("axis", .int32, default: 0),
          .optionalConstant("validate_indices", .bool, default: false),
        ], domains: [.T: .runtimeNumbers, .I: .indices17]),
    ],
    constraints: [
      .axis("axis", within: "x"),
      .equalButAlongAxis("indices", "x"),
      .indicesInRange("indices", of: "x"),
    ],
    results: { op in [.tensor(try op.dtype("x"), try op.shape("indices"))] })
}

extension Constraint {
  /// `name` has the rank of `operand` and its extents but along `axis`.
  static func equalButAlongAxis(_ name: String, _ operand: String) -> Constraint {
    Constraint("shape(\(name)) = shape(\(operand)) but along axis") { op in
      var (shape, whole) = (try op.shape(name), try op.shape(operand))
      guard shape.count == whole.count else {
        throw op.fault(
          "'\(name)' has rank \(shape.count) but '\(operand)' has rank \(whole.count)",
          .shapeMismatch)
      }
      let axis = try op.axis("axis", rank: whole.count)
      (shape[axis], whole[axis]) = (0, 0)
      guard op.mayEqual(shape, whole) else {
        throw op.fault(
          "'\(name)' is \(op.describe(try op.shape(name))) but '\(operand)' is "
            + "\(op.describe(try op.shape(operand))): they may differ along axis \(axis) only",
          .shapeMismatch)
      }
    }
  }
}
