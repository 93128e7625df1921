// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// Every window of `size` elements along `axis`, `stride` apart; the window is the axis after.
  ///
  /// C1: `-rank(x) <= axis < rank(x)`. C2: `size >= 1`. C3: `stride >= 1`. C4: `size` is at most the
  /// extent.
  static let slidingWindows = OpSpec(
    "sliding_windows", operands: slidingWindowsOperands, domains: [.T: .numbers],
    revisions: [
      Signature(since: .iOS17, operands: slidingWindowsOperands, domains: [.T: .runtime])
    ],
    constraints: [
      .axis("axis", within: "x"), .atLeast(1, "size"), .atLeast(1, "stride"),
      Constraint("size <= extent(x, axis)") { op in
        let (x, size) = (try op.shape("x"), try op.int("size"))
        let extent = x[try op.axis("axis", rank: x.count)]
        if let most = op.bounds(extent).upper, size > most {
          throw op.fault("'size' is \(size) but the axis has extent \(extent)", .shapeMismatch)
        }
      },
    ],
    results: { op in
      let (x, size) = (try op.type(of: "x"), try op.int("size"))
      let axis = try op.axis("axis", rank: x.rank)
      var shape = x.shape
      shape[axis] = .floorDiv(shape[axis] - .fixed(size), .fixed(try op.int("stride"))) + 1
      shape.insert(.fixed(size), at: axis + 1)
      return [.tensor(x.dtype, shape)]
    })

  private static let slidingWindowsOperands: [Operand] = [
    .tensor("x", .T), .constant("axis", .int32), .constant("size", .int32),
    .optionalConstant("stride", .int32, default: 1),
  ]
}
