// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Synchronization

/// A tensor in a file: a range of bytes seen through a strided layout. The leaf of most recipes.
package final class FileSource: WeightSource {
  package let file: SourceFile
  /// Byte offset of the storage in the file.
  package let base: Int
  package let dtype: DType
  package let layout: StridedLayout

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
  }

  private init(_ source: FileSource, layout: StridedLayout) {
    file = source.file
    base = source.base
    dtype = source.dtype
    self.layout = layout
  }

  package func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    if dtype.isSubByte || layout.isContiguous {
      let start = base + (layout.offset + range.lowerBound) * dtype.bitWidth / 8
      return try file.read(
        at: start, into: .init(rebasing: buffer[..<(dtype.byteCount(range.count) ?? 0)]))
    }
    try gather(range, into: buffer)
  }

  /// A strided read: the span of each slab that fits a bounded buffer is read and gathered from,
  /// else runs are read one by one.
  private func gather(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    let size = dtype.bitWidth / 8
    guard let span = layout.span else { return }
    if span.count * size <= Self.slabLimit {
      let slab = try Slab.shared(self, span: span, size: size)
      return layout.copy(range, size: size, from: slab.bytes, origin: span.lowerBound, to: buffer)
    }
    var filled = 0
    var scratch = [UInt8]()
    try layout.forEachRun(in: range) { position, count, stride in
      let low = stride < 0 ? position + (count - 1) * stride : position
      let reach = (count - 1) * abs(stride) + 1
      if scratch.count < reach * size { scratch = [UInt8](repeating: 0, count: reach * size) }
      try scratch.withUnsafeMutableBytes { raw in
        try file.read(at: base + low * size, into: .init(rebasing: raw[..<(reach * size)]))
        for k in 0..<count {
          let from = raw.baseAddress! + (position + k * stride - low) * size
          (buffer.baseAddress! + filled + k * size).copyMemory(from: from, byteCount: size)
        }
      }
      filled += count * size
    }
  }

  /// The largest storage that is read whole to serve strided reads.
  static let slabLimit = 256 << 20

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

/// The storage of the strided source read last, kept for the tiles that follow.
private final class Slab: Sendable {
  let key: String
  let bytes: [UInt8]

  init(key: String, bytes: [UInt8]) {
    self.key = key
    self.bytes = bytes
  }

  static func shared(_ source: FileSource, span: Range<Int>, size: Int) throws -> Slab {
    let key = "\(source.file.identity):\(source.base):\(span)"
    return try cache.withLock { slab in
      if let slab, slab.key == key { return slab }
      slab = nil
      let start = source.base + span.lowerBound * size
      let fresh = Slab(
        key: key, bytes: try source.file.bytes(start..<(start + span.count * size)))
      slab = fresh
      return fresh
    }
  }

  private static let cache = Mutex<Slab?>(nil)
}
