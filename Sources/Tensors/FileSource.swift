// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// A tensor in a file: a range of bytes seen through a strided layout. The leaf of most recipes.
package final class FileSource: WeightSource {
  package let file: SourceFile
  /// Byte offset of the storage in the file.
  package let base: Int
  package let dtype: DType
  package let layout: StridedLayout
  /// Gathers the elements where they do not lie one after the other.
  private let strided: StridedReader?

  package var shape: [Int] { layout.shape }
  package var key: String {
    "file(\(file.identity),\(base),\(dtype.rawValue),\(layout.offset),\(layout.shape),\(layout.strides))"
  }

  /// C1: every element of the layout lies within the `byteCount` bytes at `base`.
  package init(
    file: SourceFile, base: Int, byteCount: Int, dtype: DType, layout: StridedLayout
  ) throws {
    let (end, overflow) = base.addingReportingOverflow(byteCount)
    guard base >= 0, byteCount >= 0, !overflow, end <= file.size else {
      throw Diagnostic.error(
        .malformed, at: Location(file: file.path),
        "a tensor's \(byteCount) bytes at offset \(base) lie outside the file of \(file.size) bytes"
      )
    }
    guard elementCount(layout.shape) != nil, let span = layout.span,
      let needed = dtype.byteCount(span.upperBound), needed <= byteCount
    else {
      throw Diagnostic.error(
        .malformed, at: Location(file: file.path),
        "a \(dtype.rawValue) tensor of shape \(layout.shape), strides \(layout.strides) and offset "
          + "\(layout.offset) does not fit its \(byteCount) bytes")
    }
    self.file = file
    self.base = base
    self.dtype = dtype
    self.layout = layout
    strided = Self.reader(file, base, dtype, layout)
  }

  private init(_ source: FileSource, dtype: DType? = nil, layout: StridedLayout) {
    file = source.file
    base = source.base
    self.dtype = dtype ?? source.dtype
    self.layout = layout
    strided = Self.reader(file, base, self.dtype, layout)
  }

  private static func reader(
    _ file: SourceFile, _ base: Int, _ dtype: DType, _ layout: StridedLayout
  ) -> StridedReader? {
    if dtype.isSubByte || layout.isContiguous { return nil }
    let size = dtype.bitWidth / 8
    return StridedReader(layout, elementSize: size) { storage, buffer in
      try file.read(at: base + storage.lowerBound * size, into: buffer)
    }
  }

  /// A complex tensor as floats with a last axis of real and imaginary part; `nil` for others.
  package var realPairs: FileSource? {
    let part: DType
    switch dtype {
    case .complex64: part = .float32
    case .complex128: part = .float64
    default: return nil
    }
    return FileSource(
      self, dtype: part,
      layout: StridedLayout(
        offset: 2 * layout.offset, shape: shape + [2], strides: layout.strides.map { 2 * $0 } + [1])
    )
  }

  /// Whether some element lies in the same bytes as one of `other`.
  package func overlaps(_ other: FileSource) -> Bool {
    guard file.identity == other.file.identity, let mine = bytes, let theirs = other.bytes else {
      return false
    }
    let shared = mine.clamped(to: theirs)
    if shared.isEmpty { return false }
    if layout.isContiguous, other.layout.isContiguous { return true }
    // Interleaved, as the columns of a matrix are.
    var taken = Set<Int>()
    forEachElement { taken.insert($0) }
    var found = false
    other.forEachElement { found = found || taken.contains($0) }
    return found
  }

  /// The bytes of the file between the first and the last element.
  private var bytes: Range<Int>? {
    let size = dtype.bitWidth / 8
    return layout.span.map { base + $0.lowerBound * size..<base + $0.upperBound * size }
  }

  /// The place in the file of every element.
  private func forEachElement(_ body: (Int) -> Void) {
    let size = dtype.bitWidth / 8
    layout.forEachRun(in: 0..<layout.count) { position, count, stride in
      for k in 0..<count { body(base + (position + k * stride) * size) }
    }
  }

  package func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    if let strided { return try strided.read(range, into: buffer) }
    try file.read(
      at: place(range.lowerBound),
      into: .init(rebasing: buffer[..<(dtype.byteCount(range.count) ?? 0)]))
  }

  package var grain: Int? { strided?.grain }

  package func announce(_ range: Range<Int>) {
    if strided != nil { return }
    file.announce(at: place(range.lowerBound), count: dtype.byteCount(range.count) ?? 0)
  }

  private func place(_ element: Int) -> Int {
    base + (layout.offset + element) * dtype.bitWidth / 8
  }

  package func permuted(_ axes: [Int]) -> (any WeightSource)? {
    dtype.isSubByte ? nil : FileSource(self, layout: layout.permuted(axes))
  }

  package func sliced(starts: [Int], shape: [Int], steps: [Int]) -> (any WeightSource)? {
    dtype.isSubByte
      ? nil : FileSource(self, layout: layout.sliced(starts: starts, shape: shape, steps: steps))
  }

  package func reshaped(_ shape: [Int]) -> (any WeightSource)? {
    layout.reshaped(shape).map { FileSource(self, layout: $0) }
  }
}
