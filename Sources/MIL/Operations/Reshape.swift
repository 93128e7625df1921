// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// The elements of `x` in row-major order under another shape.
  ///
  /// In `shape`, -1 stands for what is left of the elements and 0 for the extent of `x` in the same
  /// place: counted from the left before iOS 17 (where the ranks must then agree), from the right
  /// since. C1: `shape` has rank 1 and a fixed length. C2: no element is less than -1 and at most
  /// one is -1. C3: the number of elements stays the same.
  static let reshape = OpSpec(
    "reshape", operands: [.tensor("x", .T), .tensor("shape", .int32)],
    domains: [.T: .numbersAndBool],
    revisions: [
      Signature(
        since: .iOS17, operands: [.tensor("x", .T), .tensor("shape", .U)],
        domains: [.T: .runtime, .U: .extents])
    ],
    constraints: [
      Constraint("length(shape) is fixed") { op in
        guard try op.length("shape").isFixed else {
          throw op.fault("'shape' has no fixed number of elements", .unsupportedArgument)
        }
      },
      Constraint("shape >= -1, at most one -1") { op in
        guard let fixed = try op.elementsIfKnown("shape")?.compactMap(\.fixed) else { return }
        try op.requireAtLeast(-1, "shape", fixed)
        guard fixed.count(where: { $0 == -1 }) <= 1 else {
          throw op.fault("'shape' holds -1 more than once")
        }
      },
      Constraint("product(shape) = product(shape(x))") { op in
        guard try op.elementsIfKnown("shape") != nil else { return }
        let (before, after) = (try op.shape("x"), try op.reshaped())
        guard op.mayEqual(op.product(before), op.product(after)) else {
          throw op.fault(
            "cannot turn \(op.describe(before)) into \(op.describe(after))", .shapeMismatch)
        }
      },
    ],
    results: { op in [.tensor(try op.dtype("x"), try op.reshaped())] })
}

extension OpContext {
  /// The shape that `reshape` gives `x`.
  fileprivate func reshaped() throws -> [Dim] {
    let x = try shape("x")
    guard let wanted = try elementsIfKnown("shape") else { return try elements("shape") }
    var shape = try wanted.enumerated().map { index, extent in
      extent.fixed == 0 ? try copied(index, of: wanted.count, from: x) : extent
    }
    guard let hole = shape.firstIndex(where: { $0.fixed == -1 }) else { return shape }
    let rest = product(shape[..<hole]) * product(shape[(hole + 1)...])
    let total = product(x)
    if rest.fixed == 0 {
      throw fault("'shape' leaves -1 undetermined beside an extent of 0", .shapeMismatch)
    }
    shape[hole] = .floorDiv(total, rest)
    return shape
  }

  /// The extent that a 0 at `index` of `count` stands for.
  private func copied(_ index: Int, of count: Int, from x: [Dim]) throws -> Dim {
    if opset < .iOS17 {
      guard count == x.count else {
        throw fault(
          "'shape' holds 0 but has \(count) elements and 'x' rank \(x.count)", .shapeMismatch)
      }
      return x[index]
    }
    let source = x.count - count + index
    return x.indices.contains(source) ? x[source] : 1
  }
}
