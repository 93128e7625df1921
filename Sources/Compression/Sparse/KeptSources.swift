// SPDX-License-Identifier: Apache-2.0
import CKernels
import Diagnostics
package import Tensors

/// A mask as a package stores it: uint1 in the shape of the weight, or packed bytes.
final class MaskSource: WeightSource {
  private let mask: any SparseMask
  let dtype: DType
  let shape: [Int]

  init(_ mask: any SparseMask, asBytes: Bool) {
    self.mask = mask
    dtype = asBytes ? .uint8 : .uint1
    shape = asBytes ? [(mask.count + 7) / 8] : mask.shape
  }

  var key: String { "bits(\(dtype.rawValue),\(mask.key))" }

  func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    guard let bits = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
    let elements =
      dtype == .uint1
      ? range : range.lowerBound * 8..<min(range.upperBound * 8, mask.count)
    try mask.read(elements, into: bits)
  }
}

/// A weight with zeros where a mask has them.
package final class PrunedSource: WeightSource {
  private let source: any WeightSource
  private let mask: any SparseMask

  /// C1: the elements are of 1, 2 or 4 bytes, and as many as the mask has bits.
  package init(_ source: any WeightSource, _ mask: any SparseMask) {
    self.source = source
    self.mask = mask
  }

  package var dtype: DType { source.dtype }
  package var shape: [Int] { source.shape }
  package var key: String { "pruned(\(mask.key),\(source.key))" }

  package func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    if range.isEmpty { return }
    try source.read(range, into: buffer)
    guard let base = buffer.baseAddress else { return }
    // A mask is read from a whole byte on.
    let aligned = range.lowerBound / 8 * 8
    for start in stride(from: aligned, to: range.upperBound, by: mask.tile) {
      let tile = start..<min(start + mask.tile, range.upperBound)
      let skipped = max(0, range.lowerBound - start)
      try mask.withBits(tile) { bits in
        if skipped > 0 { Self.shift(bits, tile.count, by: skipped) }
        mpk_clear_unkept(
          base + (start + skipped - range.lowerBound) * elementSize, elementSize, bits,
          tile.count - skipped)
      }
    }
  }

  /// Drops the first bits, fewer than 8.
  private static func shift(_ bits: UnsafeMutablePointer<UInt8>, _ count: Int, by skipped: Int) {
    let bytes = (count + 7) / 8
    for place in 0..<bytes {
      let next = place + 1 < bytes ? UInt16(bits[place + 1]) : 0
      bits[place] = UInt8(truncatingIfNeeded: (next << 8 | UInt16(bits[place])) >> skipped)
    }
  }
}

/// The elements of a dense tensor that a mask keeps, in row-major order.
package final class CompactedSource: WeightSource {
  private let source: any WeightSource
  private let kept: KeptElements

  /// C1: as many elements as the mask has bits, of 4 bytes at most.
  package init(_ source: any WeightSource, _ kept: KeptElements) {
    self.source = source
    self.kept = kept
  }

  package var dtype: DType { source.dtype }
  package var shape: [Int] { [kept.count] }
  package var key: String { "kept(\(kept.mask.key),\(source.key))" }

  package func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    var writer = PackedWriter(dtype, buffer)
    try kept.forEachTile(of: range) { elements, places in
      try withKept(elements) { found in
        let wanted = places.clamped(to: range)
        let size = max(1, elementSize)
        writer.append(found + (wanted.lowerBound - places.lowerBound) * size, wanted.count)
      }
    }
    writer.finish()
  }

  /// The kept ones of `elements`, sub-byte ones in a byte each.
  private func withKept(
    _ elements: Range<Int>, _ body: (UnsafeRawPointer) throws -> Void
  ) throws {
    let size = max(1, elementSize)
    try withUnsafeTemporaryAllocation(byteCount: 2 * elements.count * size, alignment: 64) {
      buffer in
      guard let dense = buffer.baseAddress else { return }
      let found = dense + elements.count * size
      try source.readBytes(elements, into: dense)
      try kept.mask.withBits(elements) { bits in
        _ = mpk_compact(dense, size, bits, elements.count, found)
      }
      try body(found)
    }
  }
}
