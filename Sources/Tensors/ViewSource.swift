// SPDX-License-Identifier: Apache-2.0

/// Another view of a source that cannot make one itself: its elements in row-major order are the
/// storage of a strided layout.
final class ViewSource: WeightSource {
  private let source: any WeightSource
  private let layout: StridedLayout
  /// Gathers the elements where they do not lie one after the other.
  private let strided: StridedReader?

  var dtype: DType { source.dtype }
  var shape: [Int] { layout.shape }
  var key: String { "view(\(source.key),\(layout.offset),\(layout.shape),\(layout.strides))" }
  var grain: Int? { strided?.grain ?? source.grain }

  /// The elements of `source` under another shape.
  convenience init(_ source: any WeightSource, shape: [Int]) {
    self.init(source, StridedLayout(shape: shape))
  }

  /// C1: elements of less than a byte lie one after the other, from the first.
  private init(_ source: any WeightSource, _ layout: StridedLayout) {
    self.source = source
    self.layout = layout
    strided =
      layout.isContiguous
      ? nil
      : StridedReader(layout, elementSize: source.dtype.bitWidth / 8) { storage, buffer in
        try source.read(storage, into: buffer)
      }
  }

  func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    if let strided { return try strided.read(range, into: buffer) }
    try source.read(
      range.lowerBound + layout.offset..<range.upperBound + layout.offset, into: buffer)
  }

  func permuted(_ axes: [Int]) -> (any WeightSource)? {
    dtype.isSubByte ? nil : ViewSource(source, layout.permuted(axes))
  }

  func sliced(starts: [Int], shape: [Int], steps: [Int]) -> (any WeightSource)? {
    dtype.isSubByte
      ? nil : ViewSource(source, layout.sliced(starts: starts, shape: shape, steps: steps))
  }

  func reshaped(_ shape: [Int]) -> (any WeightSource)? {
    layout.reshaped(shape).map { ViewSource(source, $0) } ?? ViewSource(self, shape: shape)
  }
}
