// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// A tensor that is evaluated where it is needed, a range of elements at a time.
///
/// The constants of a program are sources: a range of a file at the leaf, transformations above
/// it. Evaluating one never holds more than a tile in memory, and may happen on any thread.
package protocol WeightSource: AnyObject, Sendable {
  var dtype: DType { get }
  /// Extents; their product fits in an `Int`.
  var shape: [Int] { get }
  /// Two sources with equal keys have equal elements: what makes a weight that is used twice be
  /// stored once without looking at it.
  var key: String { get }

  /// Writes the elements of `range`, in row-major order and packed, to `buffer`.
  ///
  /// `range` starts at a byte boundary for sub-byte types. Throws when the source is unreadable.
  func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws

  /// What the elements are computed from, and how; nil where they are better looked at themselves.
  var derivation: SourceDerivation? { get }

  /// Elements that are best read at once, from a multiple of it; nil where any range will do.
  var grain: Int? { get }
  /// Says that a range is about to be read.
  func announce(_ range: Range<Int>)

  /// The same elements seen through a permutation of the axes, if the source can do that lazily.
  func permuted(_ axes: [Int]) -> (any WeightSource)?
  /// The elements from `starts`, `shape` many a `steps`, if the source can do that lazily.
  func sliced(starts: [Int], shape: [Int], steps: [Int]) -> (any WeightSource)?
  /// The same elements in row-major order under another shape, if the source can do that lazily.
  func reshaped(_ shape: [Int]) -> (any WeightSource)?
}

/// A computation whose result is equal where its base is: to find equal results without computing
/// them.
package struct SourceDerivation: Sendable {
  /// Equal for equal computations on bases of the same shape.
  package let recipe: String
  package let base: any WeightSource

  package init(_ recipe: String, of base: any WeightSource) {
    self.recipe = recipe
    self.base = base
  }
}

extension WeightSource {
  package var count: Int { shape.reduce(1, *) }
  package var rank: Int { shape.count }
  /// Bytes of the packed elements.
  package var byteCount: Int { dtype.byteCount(count) ?? 0 }

  package var derivation: SourceDerivation? { nil }
  package var grain: Int? { nil }
  package func announce(_ range: Range<Int>) {}

  package func permuted(_ axes: [Int]) -> (any WeightSource)? { nil }
  package func sliced(starts: [Int], shape: [Int], steps: [Int]) -> (any WeightSource)? { nil }
  package func reshaped(_ shape: [Int]) -> (any WeightSource)? { nil }

  /// The whole tensor in memory. For tensors known to be small, and for execution.
  package func materialized() throws -> TensorData {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    try bytes.withUnsafeMutableBytes { try read(0..<count, into: $0) }
    return try TensorData(dtype: dtype, shape: shape, bytes: bytes)
  }
}

/// A view of `source`, evaluated when it is read; of small ones a copy in memory will do.
package enum WeightView {
  package static func permute(_ source: any WeightSource, _ axes: [Int]) throws -> any WeightSource
  {
    if axes == Array(source.shape.indices) { return source }
    return try source.permuted(axes) ?? viewable(source).permuted(axes)
      ?? { throw Diagnostic.error(.internalError, "cannot permute a weight by \(axes)") }()
  }

  package static func slice(
    _ source: any WeightSource, starts: [Int], shape: [Int], steps: [Int]
  ) throws -> any WeightSource {
    if shape == source.shape, starts.allSatisfy({ $0 == 0 }), steps.allSatisfy({ $0 == 1 }) {
      return source
    }
    return try source.sliced(starts: starts, shape: shape, steps: steps)
      ?? viewable(source).sliced(starts: starts, shape: shape, steps: steps)
      ?? { throw Diagnostic.error(.internalError, "cannot slice a weight") }()
  }

  package static func reshape(_ source: any WeightSource, _ shape: [Int]) throws -> any WeightSource
  {
    if shape == source.shape { return source }
    guard elementCount(shape) == source.count else {
      throw Diagnostic.error(
        .shapeMismatch, "a weight of shape \(source.shape) cannot be reshaped to \(shape)")
    }
    if let view = source.reshaped(shape) { return view }
    if source.byteCount > small { return ViewSource(source, shape: shape) }
    return try MemorySource(source.materialized().reshaped(shape))
  }

  /// The same elements in a source that makes views.
  private static func viewable(_ source: any WeightSource) throws -> any WeightSource {
    source.byteCount > small
      ? ViewSource(source, shape: source.shape) : try MemorySource(source.materialized())
  }

  /// Bytes that are kept in memory rather than read each time.
  private static let small = 1 << 16
}
