// SPDX-License-Identifier: Apache-2.0
import CKernels
import Diagnostics
package import Tensors

/// Which elements of a weight are kept, a bit each, found where it is read.
package protocol SparseMask: AnyObject, Sendable {
  /// The shape of the weight.
  var shape: [Int] { get }
  /// Equal for equal masks.
  var key: String { get }
  /// Elements, a multiple of 8, that are best read at once, from a multiple of this on.
  var tile: Int { get }

  /// Writes the bits of `range`, which starts at a multiple of 8, element i in bit `i % 8` of byte
  /// `i / 8`. Unused bits of the last byte are 0.
  func read(_ range: Range<Int>, into bits: UnsafeMutablePointer<UInt8>) throws
}

extension SparseMask {
  var count: Int { shape.reduce(1, *) }

  /// Gives the bits of `range`, which starts at a multiple of 8, to `body`.
  func withBits<Result>(
    _ range: Range<Int>, _ body: (UnsafeMutablePointer<UInt8>) throws -> Result
  ) throws -> Result {
    try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: range.count / 8 + 1) { buffer in
      guard let bits = buffer.baseAddress else {
        throw Diagnostic.error(.internalError, "an empty tile of a mask")
      }
      try read(range, into: bits)
      return try body(bits)
    }
  }
}

/// A mask that a package holds: uint1 in the shape of the weight, or packed bytes.
package final class StoredMask: SparseMask {
  private let source: any WeightSource
  package let shape: [Int]
  package let tile = 1 << 16

  /// C1: `source` is uint1 of `shape`, or uint8 with a byte for every 8 elements, of which the
  /// unused bits are 0. Throws `.malformed`.
  package init(_ source: any WeightSource, shape: [Int]) throws {
    guard let count = elementCount(shape),
      source.dtype == .uint1
        ? source.count == count
        : source.dtype == .uint8 && source.count == count / 8 + (count % 8 == 0 ? 0 : 1)
    else {
      throw Diagnostic.error(
        .malformed,
        "a mask of \(source.dtype.rawValue)\(source.shape) does not fit a weight of \(shape)")
    }
    self.source = source
    self.shape = shape
  }

  package var key: String { "mask(\(shape),\(source.key))" }

  package func read(_ range: Range<Int>, into bits: UnsafeMutablePointer<UInt8>) throws {
    let bytes = (range.count + 7) / 8
    let buffer = UnsafeMutableRawBufferPointer(start: bits, count: bytes)
    if source.dtype == .uint1 {
      try source.read(range, into: buffer)
    } else {
      try source.read(range.lowerBound / 8..<range.lowerBound / 8 + bytes, into: buffer)
    }
    // Whatever the file has there is nothing of the weight.
    if range.count % 8 != 0 { bits[bytes - 1] &= UInt8(1 << (range.count % 8) - 1) }
  }
}

/// How many elements a mask keeps, in all and before each of its tiles: what finds an element that
/// is kept by its number.
package final class KeptElements: Sendable {
  package let mask: any SparseMask
  package let count: Int
  /// The elements that are kept before each tile, and all of them.
  private let starts: [Int]

  /// Reads the whole mask, on all cores.
  package init(_ mask: any SparseMask) throws {
    self.mask = mask
    let counts = try ParallelTiles.map(count: mask.count, tile: mask.tile) { tiles in
      try tiles.map { tile in
        try mask.withBits(tile) { bits in Int(mpk_count_bits(bits, (tile.count + 7) / 8)) }
      }
    }
    var starts = [0]
    for tile in counts.joined() { starts.append(starts[starts.count - 1] + tile) }
    self.starts = starts
    count = starts[starts.count - 1]
  }

  /// Gives the tiles that hold the kept elements of `range` to `body`: the tile's elements, and the
  /// places among the kept ones of its first one and the next tile's.
  func forEachTile(
    of range: Range<Int>, _ body: (_ elements: Range<Int>, _ places: Range<Int>) throws -> Void
  ) throws {
    var tile = firstTile(startingAfter: range.lowerBound) - 1
    while tile + 1 < starts.count, starts[tile] < range.upperBound {
      let places = starts[tile]..<starts[tile + 1]
      if !places.isEmpty {
        let first = tile * mask.tile
        try body(first..<min(first + mask.tile, mask.count), places)
      }
      tile += 1
    }
  }

  /// The first index into `starts` of more than `place`.
  private func firstTile(startingAfter place: Int) -> Int {
    var (low, high) = (0, starts.count)
    while low < high {
      let middle = (low + high) / 2
      if starts[middle] > place { high = middle } else { low = middle + 1 }
    }
    return max(low, 1)
  }
}
