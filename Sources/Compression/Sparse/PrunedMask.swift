// SPDX-License-Identifier: Apache-2.0
import CKernels
import Diagnostics
package import Tensors

/// The mask of a weight pruned by a scheme: what is kept is not zero. Found out from the weight
/// itself, of which no more than some tiles are ever in memory.
package final class PrunedMask: SparseMask {
  enum Rule: Hashable {
    /// Elements above a magnitude, given as bits.
    case above(UInt32)
    /// The smallest elements are dropped, this share of all.
    case share(Double)
    /// The blocks of the smallest norms are dropped, this share of all.
    case blocks(GroupLayout, share: Double)
    case pattern(GroupLayout, zeros: Int)
  }

  let source: any WeightSource
  let rule: Rule
  let isHalf: Bool
  package let tile: Int
  private let limit = Lazily<UInt32?>()

  /// C1: `source` is float16 or float32, and has elements.
  init(_ source: any WeightSource, _ rule: Rule) {
    self.source = source
    self.rule = rule
    isHalf = source.dtype == .float16
    tile =
      switch rule {
      case .above, .share: Self.usualTile
      case .blocks(let layout, _), .pattern(let layout, _): Self.tile(layout)
      }
  }

  /// The mask of `source`, which is float16 or float32 and has elements, `axes` being those of its
  /// channels.
  ///
  /// `nil` where there are fewer than two groups of channels, which coremltools leaves alone too.
  package static func mask(
    _ source: any WeightSource, _ pruning: PruningScheme, axes: ChannelAxes
  ) -> PrunedMask? {
    func layout(_ group: Int, _ axis: PruningScheme.Axis) -> GroupLayout? {
      let place = axis == .output ? axes.output : axes.input
      if group > source.shape[place] / 2 { return nil }
      return GroupLayout(shape: source.shape, axis: place, group: group)
    }
    switch pruning {
    case .threshold(let limit, _):
      let bits = MagnitudeLimit.bits(limit, isHalf: source.dtype == .float16)
      return PrunedMask(source, .above(bits))
    case .magnitude(let share): return PrunedMask(source, .share(share))
    case .blocks(let size, let axis, let share):
      return layout(size, axis).map { PrunedMask(source, .blocks($0, share: share)) }
    case .pattern(let zeros, let group, let axis):
      return layout(group, axis).map { PrunedMask(source, .pattern($0, zeros: zeros)) }
    case .stored: return nil
    }
  }

  package var shape: [Int] { source.shape }
  package var key: String { "pruned(\(rule),\(source.key))" }

  static let usualTile = 1 << 16
  /// Elements of a unit that are read at once; larger ones are read some columns at a time.
  static let largestUnit = 1 << 20

  /// Whole units where they are short enough.
  private static func tile(_ layout: GroupLayout) -> Int {
    let units = max(1, usualTile / layout.unitLength)
    let tile = min(units * layout.unitLength, largestUnit)
    let aligned = tile << (3 - min(3, tile.trailingZeroBitCount))
    return aligned <= largestUnit ? aligned : (tile + 7) / 8 * 8
  }

  package func read(_ range: Range<Int>, into bits: UnsafeMutablePointer<UInt8>) throws {
    for start in stride(from: range.lowerBound, to: range.upperBound, by: tile) {
      let piece = start..<min(start + tile, range.upperBound)
      let target = bits + (start - range.lowerBound) / 8
      switch rule {
      case .above(let limit): try keep(above: limit, piece, target)
      case .share: try keep(above: try shareLimit() ?? 0, piece, target)
      case .blocks(let layout, _), .pattern(let layout, _): try keep(layout, piece, target)
      }
    }
  }

  private func keep(
    above limit: UInt32, _ range: Range<Int>, _ bits: UnsafeMutablePointer<UInt8>
  ) throws {
    // In float16, everything is above no limit that its bits can say.
    let limit = isHalf ? min(limit, 0x7FFF) : limit
    try source.withElements(range) { elements in
      mpk_keep_above(elements, isHalf ? 1 : 0, range.count, limit, bits)
    }
  }

  // MARK: The limit of a share

  private func shareLimit() throws -> UInt32? {
    try limit.value {
      switch rule {
      case .share(let share):
        try limit(share) { visit in
          try ParallelTiles.map(count: source.count, tile: tile) { tiles in
            var bins = Bins(isHalf: isHalf)
            for range in tiles {
              try source.withElements(range) { visit(&bins, $0, range.count, 1) }
            }
            return bins
          }
        }
      case .blocks(let layout, let share): try blockLimit(layout, share)
      case .above, .pattern: nil
      }
    }
  }

  /// Counts of magnitudes: of all of them, or of the lower bits of some.
  private struct Bins: Sendable {
    var all: MagnitudeHistogram
    var lower: [UInt64] = []
    init(isHalf: Bool) { all = MagnitudeHistogram(isHalf: isHalf) }
  }

  private typealias Visit =
    @Sendable (inout Bins, _ elements: UnsafeRawPointer, _ count: Int, _ weight: Int) -> Void

  /// The limit for a share of what `gather` shows to the function it is given.
  private func limit(
    _ share: Double, _ gather: (@escaping Visit) throws -> [Bins]
  ) throws -> UInt32? {
    let isHalf = isHalf
    let parts = try gather { bins, elements, count, weight in
      bins.all.add(elements, count, weight: weight)
    }
    let histogram = MagnitudeHistogram(parts.map(\.all), isHalf: isHalf)
    return try MagnitudeLimit.bits(share: share, histogram) { upper in
      let parts = try gather { bins, elements, count, weight in
        if bins.lower.isEmpty { bins.lower = [UInt64](repeating: 0, count: 1 << 16) }
        mpk_count_magnitudes(
          elements, isHalf ? 1 : 0, count, Int64(upper), UInt64(weight), &bins.lower)
      }
      var sums = [UInt64](repeating: 0, count: 1 << 16)
      for part in parts where !part.lower.isEmpty {
        for place in sums.indices { sums[place] += part.lower[place] }
      }
      return sums
    }
  }

  private func blockLimit(_ layout: GroupLayout, _ share: Double) throws -> UInt32? {
    try limit(share) { visit in
      try ParallelTiles.map(count: source.count, tile: tile) { tiles in
        var bins = Bins(isHalf: isHalf)
        for range in tiles {
          try forEachPiece(layout, startingIn: range) { piece in
            try withNorms(piece, layout) { norms in
              visit(&bins, norms, piece.units * piece.inner, piece.channels)
            }
          }
        }
        return bins
      }
    }
  }

  // MARK: Groups of channels

  private func keep(
    _ layout: GroupLayout, _ range: Range<Int>, _ bits: UnsafeMutablePointer<UInt8>
  ) throws {
    let limit = try shareLimit()
    if case .blocks = rule, limit == nil { return try keep(above: 0, range, bits) }
    try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: range.count) { flags in
      guard let flags = flags.baseAddress else { return }
      try forEachPiece(layout, in: range) { piece in
        try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: piece.count) { found in
          guard let found = found.baseAddress else { return }
          try keep(piece, layout, limit ?? 0, found)
          for part in piece.parts {
            let wanted = part.elements.clamped(to: range)
            if wanted.isEmpty { continue }
            (flags + (wanted.lowerBound - range.lowerBound)).update(
              from: found + part.place + (wanted.lowerBound - part.elements.lowerBound),
              count: wanted.count)
          }
        }
      }
      mpk_pack_bits(flags, range.count, 1, bits)
    }
  }

  private func keep(
    _ piece: GroupPiece, _ layout: GroupLayout, _ limit: UInt32,
    _ flags: UnsafeMutablePointer<UInt8>
  ) throws {
    let half: Int32 = isHalf ? 1 : 0
    if case .pattern(_, let zeros) = rule {
      withUnsafeTemporaryAllocation(of: UInt64.self, capacity: layout.group) { keys in
        mpk_keep_pattern(
          piece.data, half, piece.units, piece.channels, piece.inner, layout.group, zeros,
          keys.baseAddress, flags)
      }
    } else {
      try withNorms(piece, layout) { norms in
        mpk_keep_blocks(
          piece.data, norms, half, piece.units, piece.channels, piece.inner,
          isHalf ? min(limit, 0x7FFF) : limit, flags)
      }
    }
  }

  private func withNorms(
    _ piece: GroupPiece, _ layout: GroupLayout, _ body: (UnsafeRawPointer) throws -> Void
  ) throws {
    let count = piece.units * piece.inner
    try withUnsafeTemporaryAllocation(byteCount: count * source.elementSize, alignment: 64) {
      buffer in
      guard let norms = buffer.baseAddress else { return }
      let half: Int32 = isHalf ? 1 : 0
      if layout.inner == 1 {
        mpk_run_norms(piece.data, half, piece.units, piece.channels, layout.group, norms)
      } else {
        mpk_block_norms(piece.data, half, piece.units, piece.channels, piece.inner, norms)
      }
      try body(norms)
    }
  }
}

extension WeightSource {
  var elementSize: Int { dtype.bitWidth / 8 }

  /// Reads elements into a temporary buffer.
  func withElements<Result>(
    _ range: Range<Int>, _ body: (UnsafeMutableRawPointer) throws -> Result
  ) throws -> Result {
    let size = dtype.byteCount(range.count) ?? 0
    return try withUnsafeTemporaryAllocation(byteCount: size, alignment: 64) { buffer in
      guard let start = buffer.baseAddress else {
        throw Diagnostic.error(.internalError, "an empty tile of a weight")
      }
      try read(range, into: buffer)
      return try body(start)
    }
  }
}
