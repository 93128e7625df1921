// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// Some of the rows of a weight, taken in runs that are spread evenly along its first axis: enough
/// to know what a scheme does to all of them.
package final class SampledSource: WeightSource {
  /// Rows that follow each other: a multiple of every group of channels that is tried.
  static let run = 64
  /// Elements that are taken of a weight, about. Sums of this many squares differ by less than 1 %
  /// from those of all of it, for normally distributed elements.
  static let elements = 1 << 18

  private let source: any WeightSource
  private let runs: [Int]
  private let rowLength: Int
  package let shape: [Int]

  /// A sample of `source`, or the weight itself where that is hardly more.
  package static func sample(of source: any WeightSource) -> any WeightSource {
    guard let rows = source.shape.first, source.count > 2 * elements else { return source }
    let length = source.count / rows
    let available = rows / run
    let wanted = max(1, elements / (run * length))
    return available > wanted ? SampledSource(source, count: wanted, of: available) : source
  }

  private init(_ source: any WeightSource, count: Int, of available: Int) {
    self.source = source
    rowLength = source.count / source.shape[0]
    // The middle of each of `count` equal parts.
    runs = (0..<count).map { (2 * $0 + 1) * available / (2 * count) * Self.run }
    shape = [count * Self.run] + source.shape.dropFirst()
  }

  package var dtype: DType { source.dtype }
  package var key: String { "sample(\(runs.count),\(source.key))" }

  package func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    let size = Self.run * rowLength
    let bytes = dtype.bitWidth / 8
    var place = range.lowerBound
    while place < range.upperBound {
      let end = min(range.upperBound, (place / size + 1) * size)
      let start = runs[place / size] * rowLength + place % size
      let first = (place - range.lowerBound) * bytes
      let part = UnsafeMutableRawBufferPointer(
        rebasing: buffer[first..<first + (end - place) * bytes])
      try source.read(start..<start + end - place, into: part)
      place = end
    }
  }
}
