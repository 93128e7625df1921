// SPDX-License-Identifier: Apache-2.0

/// How the elements of a tensor lie in a linear storage: element `i` is at
/// `offset + sum(i[k] * strides[k])`, in elements.
package struct StridedLayout: Hashable, Sendable {
  package var offset: Int
  package var shape: [Int]
  package var strides: [Int]

  package init(offset: Int = 0, shape: [Int], strides: [Int]? = nil) {
    self.offset = offset
    self.shape = shape
    self.strides = strides ?? rowMajorStrides(shape)
  }

  package var count: Int { shape.reduce(1, *) }

  package var isContiguous: Bool {
    var expected = 1
    for axis in shape.indices.reversed() where shape[axis] != 1 {
      if strides[axis] != expected { return false }
      expected *= shape[axis]
    }
    return true
  }

  /// The lowest and one past the highest storage position used; `nil` when arithmetic overflows.
  package var span: Range<Int>? {
    if shape.contains(0) { return offset..<offset }
    var low = offset
    var high = offset
    for (extent, stride) in zip(shape, strides) {
      let (reach, overflow) = (extent - 1).multipliedReportingOverflow(by: stride)
      if overflow { return nil }
      let (sum, overflow2) = (reach < 0 ? low : high).addingReportingOverflow(reach)
      if overflow2 { return nil }
      if reach < 0 { low = sum } else { high = sum }
    }
    return low >= 0 && high < Int.max ? low..<(high + 1) : nil
  }

  package func permuted(_ axes: [Int]) -> StridedLayout {
    StridedLayout(offset: offset, shape: axes.map { shape[$0] }, strides: axes.map { strides[$0] })
  }

  package func sliced(starts: [Int], shape: [Int], steps: [Int]) -> StridedLayout {
    StridedLayout(
      offset: offset + zip(starts, strides).reduce(0) { $0 + $1.0 * $1.1 }, shape: shape,
      strides: zip(strides, steps).map { $0 * $1 })
  }

  /// The layout of the same elements under `shape`, where no copy is needed for it.
  package func reshaped(_ shape: [Int]) -> StridedLayout? {
    guard isContiguous else { return nil }
    return StridedLayout(offset: offset, shape: shape)
  }

  /// Calls `body` with maximal runs (storage position, count, stride) covering the elements of
  /// `range` in row-major order.
  package func forEachRun(
    in range: Range<Int>, _ body: (_ position: Int, _ count: Int, _ stride: Int) throws -> Void
  ) rethrows {
    if range.isEmpty { return }
    if isContiguous { return try body(offset + range.lowerBound, range.count, 1) }
    let axis = shape.count - 1
    let length = shape[axis]
    var index = range.lowerBound
    while index < range.upperBound {
      let row = index / length
      let column = index % length
      let run = min(length - column, range.upperBound - index)
      var position = offset + column * strides[axis]
      var rest = row
      for k in stride(from: axis - 1, through: 0, by: -1) {
        position += rest % shape[k] * strides[k]
        rest /= shape[k]
      }
      try body(position, run, strides[axis])
      index += run
    }
  }
}
