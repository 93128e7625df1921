// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// The slices of `x` at `indices` along `axis`, the first `batch_dims` axes in step.
  ///
  /// C1: `-rank(x) <= axis < rank(x)`. C2: `0 <= batch_dims < rank(x)`, at most `rank(indices)`
  /// and at most `axis`. C3: since iOS 17 constant indices lie in `0..<extent`.
  static let gather = OpSpec(
    "gather",
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
          .optionalConstant("batch_dims", .int32, default: 0),
        ], domains: [.T: .numbers, .I: .indices16]),
      Signature(
        since: .iOS17,
        operands: [
          .tensor("x", .T), .tensor("indices", .I),
          .optionalConstant("axis", .int32, default: 0),
          .optionalConstant("batch_dims", .int32, default: 0),
          .optionalConstant("validate_indices", .bool, default: false),
        ], domains: [.T: .runtimeNumbers, .I: .indices17]),
    ],
    constraints: [
      .axis("axis", within: "x"),
      Constraint("batch_dims < rank(x), <= rank(indices), <= axis") { op in
        let batch = try op.batchDims()
        let most = min(try op.axis("axis", rank: op.rank("x")), try op.rank("indices"))
        guard (0...most).contains(batch) else {
          throw op.fault("'batch_dims' is \(batch)", fix: "use a value in 0...\(most)")
        }
      },
      .indicesInRange("indices", of: "x"),
    ],
    results: { op in
      let x = try op.type(of: "x")
      let axis = try op.axis("axis", rank: x.rank)
      let picked = try Array(op.shape("indices").dropFirst(op.batchDims()))
      return [.tensor(x.dtype, x.shape[..<axis] + picked + x.shape[(axis + 1)...])]
    })
}

extension OpContext {
  /// `batch_dims`, 0 where the opset does not have it.
  func batchDims() throws -> Int {
    signature.operand("batch_dims") == nil ? 0 : try int("batch_dims")
  }
}

extension Constraint {
  /// Since iOS 17, where negative indices no longer wrap: constant ones lie in `0..<extent`.
  static func indicesInRange(_ name: String, of operand: String) -> Constraint {
    Constraint("0 <= \(name) < extent(\(operand), axis) since iOS 17") { op in
      guard op.opset >= .iOS17, let count = try op.type(of: name).count, count <= 4096,
        let indices = try op.intsIfKnown(name)
      else { return }
      let shape = try op.shape(operand)
      let extent = shape[try op.axis("axis", rank: shape.count)].fixed
      for index in indices where index < 0 || index >= extent ?? .max {
        throw op.fault(
          "'\(name)' holds \(index), outside an axis of extent \(extent.map(String.init) ?? "?")",
          fix: index < 0
            ? "add the extent to negative indices, which do not wrap since iOS 17" : nil)
      }
    }
  }
}
