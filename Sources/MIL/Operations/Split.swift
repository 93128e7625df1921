// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// `x` cut along `axis` into `num_splits` equal parts, or parts of `split_sizes`.
  ///
  /// C1: `-rank(x) <= axis < rank(x)`. C2: `num_splits` or `split_sizes` is given, and they agree.
  /// C3: `num_splits >= 1` and divides the extent. C4: `split_sizes` are not negative and their sum
  /// is the extent.
  static let split = OpSpec(
    "split",
    operands: [
      .tensor("x", .T), .optionalConstant("num_splits", .int32),
      .optionalConstant("split_sizes", .int32), .constant("axis", .int32),
    ],
    domains: [.T: .numbersAndBool],
    constraints: [
      .axis("axis", within: "x"),
      Constraint("num_splits or split_sizes, in agreement") { op in
        guard op.has("num_splits") || op.has("split_sizes") else {
          throw op.fault("neither 'num_splits' nor 'split_sizes' is given")
        }
        guard op.has("num_splits"), op.has("split_sizes") else { return }
        let (count, sizes) = (try op.int("num_splits"), try op.vector("split_sizes").count)
        guard count == sizes else {
          throw op.fault("'num_splits' is \(count) but 'split_sizes' has \(sizes) elements")
        }
      },
      Constraint("num_splits >= 1, divides the extent") { op in
        guard op.has("num_splits"), !op.has("split_sizes") else { return }
        let (count, extent) = (try op.int("num_splits"), try op.splitExtent())
        try op.requireAtLeast(1, "num_splits", [count])
        if let fixed = extent.fixed, fixed % count != 0 {
          throw op.fault(
            "'num_splits' is \(count), which does not divide the extent \(fixed)", .shapeMismatch)
        }
      },
      Constraint("split_sizes >= 0, sum is the extent") { op in
        guard op.has("split_sizes") else { return }
        let (sizes, extent) = (try op.vector("split_sizes"), try op.splitExtent())
        try op.requireAtLeast(0, "split_sizes", sizes)
        let sum = op.sum(sizes)
        guard op.mayEqual(sum, extent) else {
          throw op.fault("'split_sizes' add up to \(sum), not \(extent)", .shapeMismatch)
        }
      },
    ],
    results: { op in
      let x = try op.type(of: "x")
      let axis = try op.axis("axis", rank: x.rank)
      return try op.partSizes().map { size in
        var shape = x.shape
        shape[axis] = size
        return .tensor(x.dtype, shape)
      }
    })
}

extension OpContext {
  fileprivate func splitExtent() throws -> Dim {
    let shape = try shape("x")
    return shape[try axis("axis", rank: shape.count)]
  }

  fileprivate func sum(_ sizes: [Int]) -> Dim { sizes.reduce(0) { $0 + .fixed($1) } }

  fileprivate func partSizes() throws -> [Dim] {
    if has("split_sizes") { return try vector("split_sizes").map { .fixed($0) } }
    let count = try int("num_splits")
    guard count <= 1 << 20 else { throw fault("'num_splits' is \(count)") }
    return Array(repeating: .floorDiv(try splitExtent(), .fixed(count)), count: count)
  }
}
