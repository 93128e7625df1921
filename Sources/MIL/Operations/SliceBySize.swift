// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// `size` elements of each axis of `x` from `begin`; a size of -1 means up to the end.
  ///
  /// C1: `begin` has an element for every axis of `x`. C2: `size` likewise. C3: constant sizes are
  /// at least -1 and, with `begin`, at most the extents.
  static let sliceBySize = OpSpec(
    "slice_by_size",
    operands: [.tensor("x", .T), .tensor("begin", .int32), .tensor("size", .int32)],
    domains: [.T: .numbersAndBool],
    revisions: [
      Signature(
        since: .iOS17, operands: [.tensor("x", .T), .tensor("begin", .U), .tensor("size", .U)],
        domains: [.T: .runtime, .U: .extents])
    ],
    constraints: [
      .onePerAxis("begin", of: "x"), .onePerAxis("size", of: "x"),
      Constraint("-1 <= size <= extent - begin") { op in
        guard let sizes = try op.elementsIfKnown("size") else { return }
        try op.requireAtLeast(-1, "size", sizes.compactMap(\.fixed))
        for (axis, (size, extent)) in zip(sizes, try op.shape("x")).enumerated() {
          let first = try op.firstElement(axis, extent: extent) ?? 0
          if let room = (extent - first - size).fixed, room < 0 {
            throw op.fault(
              "'size' is \(size) from \(first) for axis \(axis) of extent \(extent)",
              .shapeMismatch)
          }
        }
      },
    ],
    results: { op in
      let x = try op.type(of: "x")
      guard let sizes = try op.elementsIfKnown("size") else {
        return [.tensor(x.dtype, x.shape.map { op.freshDim(upper: op.bounds($0).upper) })]
      }
      let shape = try zip(x.shape.indices, zip(sizes, x.shape)).map { axis, pair in
        guard pair.0.fixed == -1 else { return pair.0 }
        guard let first = try op.firstElement(axis, extent: pair.1) else { return op.freshDim() }
        return pair.1 - first
      }
      return [.tensor(x.dtype, shape)]
    })
}

extension OpContext {
  /// `begin` along `axis`, counted from the start; `nil` where it is not known.
  fileprivate func firstElement(_ axis: Int, extent: Dim) throws -> Dim? {
    guard let begins = try elementsIfKnown("begin"), begins.indices.contains(axis) else {
      return nil
    }
    let begin = begins[axis]
    return begin.fixed.map { $0 < 0 } ?? false ? extent + begin : begin
  }
}
