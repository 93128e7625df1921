// SPDX-License-Identifier: Apache-2.0
import CKernels
import Diagnostics

extension QuantizedWeight {
  /// Panels whose elements are about a chunk.
  var panelsPerChunk: Int { max(1, Self.chunk / (layout.panelLength * layout.repeats)) }

  /// The scales and zero points of `panels`, from memory or from the source.
  ///
  /// Throws `.notRepresentable` where the weight holds an infinity or a NaN.
  func parameters(_ panels: Range<Int>) throws -> BlockParameters {
    let blocks = (panels.lowerBound * layout.columns)..<(panels.upperBound * layout.columns)
    if let known = memory.recall(blocks) { return known }
    if layout.isContiguous && layout.inner <= Self.chunk { return try smallBlocks(blocks) }
    var ranges = BlockRanges(count: blocks.count)
    try forEachPiece(of: panels) { piece, _, place in
      if ranges.widen(piece, isHalf, at: place) { throw Diagnostic.notFinite(name) }
    }
    var found = ranges.parameters(kernelScheme)
    if scheme.fit == .error { try search(panels, ranges, &found) }
    memory.remember(found, at: blocks.lowerBound)
    return found
  }

  /// The parameters of contiguous blocks, read many at a time.
  private func smallBlocks(_ blocks: Range<Int>) throws -> BlockParameters {
    var found = BlockParameters(count: 0)
    let step = max(1, Self.chunk / layout.inner)
    for first in stride(from: blocks.lowerBound, to: blocks.upperBound, by: step) {
      let run = first..<min(first + step, blocks.upperBound)
      let covered = (first * layout.inner)..<(run.upperBound * layout.inner)
      let piece = try withElements(covered) { try parameters(run, of: $0) }
      found.scales += piece.scales
      found.zeros += piece.zeros
    }
    return found
  }

  /// The parameters of contiguous blocks whose elements are at hand.
  func parameters(_ blocks: Range<Int>, of elements: UnsafeRawPointer) throws -> BlockParameters {
    if let known = memory.recall(blocks) { return known }
    var ranges = BlockRanges(count: blocks.count)
    let piece = ElementPiece(
      elements: elements, rows: 1, columns: blocks.count, inner: layout.inner,
      rowLength: blocks.count * layout.inner)
    if ranges.widen(piece, isHalf, at: 0) { throw Diagnostic.notFinite(name) }
    var found = ranges.parameters(kernelScheme)
    if scheme.fit == .error {
      let covered = (blocks.lowerBound * layout.inner)..<(blocks.upperBound * layout.inner)
      withImportance(covered) { importance in
        mpk_search_blocks(
          elements, isHalf ? 1 : 0, blocks.count, layout.inner, importance, kernelScheme,
          ranges.low, ranges.high, &found.scales, &found.zeros)
      }
    }
    memory.remember(found, at: blocks.lowerBound)
    return found
  }

  /// Improves parameters of blocks that are too large or too scattered to be held: every round
  /// reads their elements anew.
  private func search(
    _ panels: Range<Int>, _ ranges: BlockRanges, _ found: inout BlockParameters
  ) throws {
    let count = found.scales.count
    let elements = layout.rows * layout.inner * layout.repeats
    var searches = [mpk_search](repeating: mpk_search(), count: count)
    mpk_search_begin(
      ranges.low, ranges.high, count, elements, kernelScheme, found.scales, found.zeros, &searches)
    guard searches.contains(where: { Int($0.phase) != MPK_DONE }) else { return }
    repeat {
      try forEachPiece(of: panels) { piece, range, place in
        withImportance(range) { importance in
          searches.withUnsafeMutableBufferPointer { searches in
            mpk_search_absorb(
              piece.elements, isHalf ? 1 : 0, piece.rows, piece.columns, piece.inner,
              piece.rowLength, importance, kernelScheme, searches.baseAddress.map { $0 + place })
          }
        }
      }
    } while mpk_search_advance(&searches, count, kernelScheme) != 0
    found.scales = searches.map(\.best_scale)
    found.zeros = searches.map(\.best_zero)
  }

  /// Gives the elements of `panels` to `body` in pieces, each with its range and the place of its
  /// first block among those of the panels.
  private func forEachPiece(
    of panels: Range<Int>, _ body: (ElementPiece, Range<Int>, _ place: Int) throws -> Void
  ) throws {
    // Whole rows; a row of one block may be cut anywhere.
    let mayCut = layout.columns == 1 && layout.rows == 1
    let step =
      mayCut ? Self.chunk : max(1, Self.chunk / layout.rowLength) * layout.rowLength
    for (index, panel) in panels.enumerated() {
      for round in 0..<layout.repeats {
        let start = (round * layout.panels + panel) * layout.panelLength
        let end = start + layout.panelLength
        for first in stride(from: start, to: end, by: step) {
          let range = first..<min(first + step, end)
          try withElements(range) { elements in
            let rows = mayCut ? 1 : range.count / layout.rowLength
            let inner = mayCut ? range.count : layout.inner
            let piece = ElementPiece(
              elements: elements, rows: rows, columns: layout.columns, inner: inner,
              rowLength: layout.rowLength)
            try body(piece, range, index * layout.columns)
          }
        }
      }
    }
  }
}

/// Elements of the source as `[rows, columns, inner]`, a block per column.
private struct ElementPiece {
  let elements: UnsafeRawPointer
  let rows: Int
  let columns: Int
  let inner: Int
  let rowLength: Int
}

/// The smallest and largest element of consecutive blocks.
private struct BlockRanges {
  private(set) var low: [Float]
  private(set) var high: [Float]

  init(count: Int) {
    low = [Float](repeating: .infinity, count: count)
    high = [Float](repeating: -.infinity, count: count)
  }

  /// Widens the ranges from `place` on to the elements of a piece. Whether one of those is infinite
  /// or a NaN.
  mutating func widen(_ piece: ElementPiece, _ isHalf: Bool, at place: Int) -> Bool {
    low.withUnsafeMutableBufferPointer { low in
      high.withUnsafeMutableBufferPointer { high in
        mpk_block_range(
          piece.elements, isHalf ? 1 : 0, piece.rows, piece.columns, piece.inner, piece.rowLength,
          low.baseAddress.map { $0 + place }, high.baseAddress.map { $0 + place }) != 0
      }
    }
  }

  func parameters(_ scheme: mpk_quantization) -> BlockParameters {
    var parameters = BlockParameters(count: low.count)
    mpk_block_parameters(low, high, low.count, scheme, &parameters.scales, &parameters.zeros)
    return parameters
  }
}
