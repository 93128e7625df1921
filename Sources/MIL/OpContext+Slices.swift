// SPDX-License-Identifier: Apache-2.0

/// One axis of a slice: every `step`-th element from `begin` up to (or down to) `end`.
package struct SliceRange {
  /// `nil` where it is not known before the program runs.
  package var begin: Dim?
  package var end: Dim?
  package var step: Int
  /// The number of elements; `nil` where `begin` or `end` is not known.
  package var count: Dim?
  /// Whether the axis is dropped from the result.
  package var isSqueezed: Bool
}

extension OpContext {
  /// The slice that `begin`, `end`, `stride` and the masks take of each axis of `x`.
  ///
  /// As in NumPy: numbers below zero count from the end, and bounds past the end stop there.
  /// Symbolic bounds are taken at their word: `end - begin` elements.
  package func slices() throws -> [SliceRange] {
    let x = try shape("x")
    let begins = try elementsIfKnown("begin")
    let ends = try elementsIfKnown("end")
    let steps = has("stride") ? try vector("stride") : Array(repeating: 1, count: x.count)
    let fromStart = try mask("begin_mask", count: x.count)
    let toEnd = try mask("end_mask", count: x.count)
    let squeezed = try mask("squeeze_mask", count: x.count)
    for (name, count) in [
      ("begin", begins?.count), ("end", ends?.count), ("stride", steps.count),
    ] {
      if let count, count != x.count {
        throw fault("'\(name)' has \(count) elements but 'x' has rank \(x.count)", .shapeMismatch)
      }
    }
    return try x.indices.map { axis in
      let step = steps[axis]
      guard step != 0 else { throw fault("'stride' is 0 for axis \(axis)") }
      if squeezed[axis] { return try squeezedSlice(begins?[axis], extent: x[axis], axis) }
      return try slice(
        begin: fromStart[axis] ? .open : begins.map { .at($0[axis]) } ?? .unknown,
        end: toEnd[axis] ? .open : ends.map { .at($0[axis]) } ?? .unknown,
        step: step, extent: x[axis], axis)
    }
  }

  /// The shape of the slice, squeezed axes dropped.
  package func slicedShape() throws -> [Dim] {
    try zip(slices(), shape("x")).filter { !$0.0.isSqueezed }.map { slice, extent in
      // Of one element something is taken: Core ML has no empty tensors to take instead.
      slice.count ?? (extent == 1 ? 1 : freshDim(upper: bounds(extent).upper))
    }
  }

  private enum Bound {
    case open, unknown
    case at(Dim)
  }

  private func squeezedSlice(_ begin: Dim?, extent: Dim, _ axis: Int) throws -> SliceRange {
    if let index = begin?.fixed, let extent = extent.fixed, index < -extent || index >= extent {
      throw fault("'begin' is \(index) for axis \(axis) of extent \(extent)", .shapeMismatch)
    }
    let first = begin.map { wrapped($0, extent: extent) }
    return SliceRange(
      begin: first, end: first.map { $0 + 1 }, step: 1, count: 1, isSqueezed: true)
  }

  private func slice(
    begin: Bound, end: Bound, step: Int, extent: Dim, _ axis: Int
  ) throws -> SliceRange {
    if case .at(let b) = begin, case .at(let e) = end, let b = b.fixed, let e = e.fixed,
      step > 0 ? (b >= 0 && e >= 0 && e < b) : (b < 0 && e < 0 && b < e)
    {
      throw fault("axis \(axis) is sliced from \(b) to \(e) in steps of \(step)", .shapeMismatch)
    }
    if step < 0, case .at(let e) = end, let e = e.fixed, let extent = extent.fixed, e < -extent {
      throw fault(
        "axis \(axis) of extent \(extent) is sliced down to \(e)", .shapeMismatch,
        fix: "set 'end_mask' to go down to the first element")
    }
    func resolve(_ bound: Bound, open: Dim) -> Dim? {
      switch bound {
      case .open: open
      case .unknown: nil
      case .at(let dim): clamped(dim, extent: extent, step: step)
      }
    }
    let first = resolve(begin, open: step > 0 ? 0 : extent - 1)
    let last = resolve(end, open: step > 0 ? extent : -1)
    var count: Dim?
    if let first, let last {
      let span = step > 0 ? last - first : first - last
      count = notNegative(.floorDiv(span + .fixed(abs(step) - 1), .fixed(abs(step))))
    }
    return SliceRange(begin: first, end: last, step: step, count: count, isSqueezed: false)
  }

  /// `dim` counted from the start of the axis.
  private func wrapped(_ dim: Dim, extent: Dim) -> Dim {
    let isNegative = dim.fixed.map { $0 < 0 } ?? (bounds(dim).upper.map { $0 < 0 } ?? false)
    return isNegative ? extent + dim : dim
  }

  /// `dim` wrapped, and kept within the axis where it is a number.
  private func clamped(_ dim: Dim, extent: Dim, step: Int) -> Dim {
    let (least, most) = step > 0 ? (Dim.fixed(0), extent) : (.fixed(-1), extent - 1)
    guard let number = dim.fixed else { return wrapped(dim, extent: extent) }
    if number < 0 {
      let (low, high) = bounds(extent + dim - least)
      if let low, low >= 0 { return extent + dim }
      if let high, high <= 0 { return least }
      return .max(least, extent + dim)
    }
    if number >= Int(Int32.max) { return most }
    let (low, high) = bounds(most - dim)
    if let low, low >= 0 { return dim }
    if let high, high <= 0 { return most }
    return .min(dim, most)
  }
}

extension Constraint {
  /// `begin`, `end` and `stride` have an element for every axis of `x`, the masks likewise.
  static let slicesFit = Constraint("length(begin, end, stride, masks) = rank(x)") { op in
    for name in ["begin", "end", "stride"] where op.has(name) {
      try op.requireOnePerAxis(name, of: "x")
    }
    _ = try op.slices()
  }
}
