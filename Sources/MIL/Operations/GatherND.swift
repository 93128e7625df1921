// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// The slices of `x` at the coordinates in the last axis of `indices`.
  ///
  /// C1: `rank(indices) >= 1` and its last extent is fixed. C2: `0 <= batch_dims < rank(indices)`.
  /// C3: `batch_dims + extent(indices, -1) <= rank(x)`. C4: since iOS 17 constant indices lie in
  /// the extents of `x`.
  static let gatherND = OpSpec(
    "gather_nd", operands: [.tensor("x", .T), .tensor("indices", .int32)],
    domains: [.T: .numbers],
    revisions: [
      Signature(
        since: .iOS16,
        operands: [
          .tensor("x", .T), .tensor("indices", .I),
          .optionalConstant("batch_dims", .int32, default: 0),
        ], domains: [.T: .numbers, .I: .indices16]),
      Signature(
        since: .iOS17,
        operands: [
          .tensor("x", .T), .tensor("indices", .I),
          .optionalConstant("batch_dims", .int32, default: 0),
          .optionalConstant("validate_indices", .bool, default: false),
        ], domains: [.T: .runtimeNumbers, .I: .indices17]),
    ],
    constraints: [
      .coordinates("indices"),
      Constraint("0 <= batch_dims < rank(indices)") { op in
        let (batch, rank) = (try op.batchDims(), try op.rank("indices"))
        guard (0..<rank).contains(batch) else {
          throw op.fault("'batch_dims' is \(batch)", fix: "use a value in 0...\(rank - 1)")
        }
      },
      .coordinatesFit("indices", in: "x"),
      .coordinatesInRange("indices", of: "x"),
    ],
    results: { op in
      let x = try op.type(of: "x")
      let depth = try op.batchDims() + op.coordinateCount("indices")
      return [.tensor(x.dtype, try op.shape("indices").dropLast() + x.shape.dropFirst(depth))]
    })
}

extension OpContext {
  /// The extent of the last axis of `name`.
  func coordinateCount(_ name: String) throws -> Int {
    let shape = try shape(name)
    guard let last = shape.last else {
      throw fault("'\(name)' has rank 0, not at least 1", .shapeMismatch)
    }
    guard let count = last.fixed else {
      throw fault("the last extent of '\(name)' is \(last), not fixed", .unsupportedArgument)
    }
    return count
  }
}

extension Constraint {
  /// `name` has at least one axis, the last of fixed extent.
  static func coordinates(_ name: String) -> Constraint {
    Constraint("extent(\(name), -1) is fixed") { op in _ = try op.coordinateCount(name) }
  }

  /// A coordinate names at most as many axes as `operand` has behind its batch axes.
  static func coordinatesFit(_ name: String, in operand: String) -> Constraint {
    Constraint("batch_dims + extent(\(name), -1) <= rank(\(operand))") { op in
      let (count, rank) = (try op.coordinateCount(name), try op.rank(operand))
      guard try op.batchDims() + count <= rank else {
        throw op.fault(
          "the last extent of '\(name)' is \(count) but '\(operand)' has rank \(rank)",
          .shapeMismatch)
      }
    }
  }

  /// Since iOS 17 constant coordinates lie in the extents of `operand`.
  static func coordinatesInRange(_ name: String, of operand: String) -> Constraint {
    Constraint("0 <= \(name) < extents(\(operand)) since iOS 17") { op in
      guard op.opset >= .iOS17, let total = try op.type(of: name).count, total <= 4096,
        let indices = try op.intsIfKnown(name)
      else { return }
      let count = try op.coordinateCount(name)
      let extents = try op.shape(operand).dropFirst(op.batchDims()).prefix(count).map(\.fixed)
      for (position, index) in indices.enumerated() {
        let extent = extents[position % count]
        guard index >= 0, index < extent ?? .max else {
          throw op.fault(
            "'\(name)' holds \(index), outside an axis of extent \(extent.map(String.init) ?? "?")")
        }
      }
    }
  }
}
