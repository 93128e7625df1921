// SPDX-License-Identifier: Apache-2.0
import CKernels

/// A part of a weight with its codes, laid out `[rows, columns, inner]` with a scale per column.
struct EncodedPiece {
  /// What the piece covers, in elements of the weight, and what of that was asked for.
  let covered: Range<Int>
  let wanted: Range<Int>
  let rows: Int
  let columns: Int
  let inner: Int
  let parameters: BlockParameters
  /// In the dtype of the weight.
  let elements: UnsafeRawPointer
  /// A byte each.
  let codes: UnsafeMutablePointer<UInt8>

  var wantedCodes: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(
      start: codes + (wanted.lowerBound - covered.lowerBound), count: wanted.count)
  }
}

extension QuantizedWeight {
  /// Gives the codes of `range` to `body` in consecutive pieces.
  func forEachPiece(in range: Range<Int>, _ body: (EncodedPiece) throws -> Void) throws {
    if layout.isContiguous && layout.inner <= Self.chunk {
      try forEachRunOfBlocks(in: range, body)
    } else if layout.isContiguous {
      try forEachPartOfBlock(in: range, body)
    } else {
      try forEachRunOfRows(in: range, body)
    }
  }

  /// Blocks small enough to be read whole, many at a time.
  private func forEachRunOfBlocks(
    in range: Range<Int>, _ body: (EncodedPiece) throws -> Void
  ) throws {
    let inner = layout.inner
    let last = (range.upperBound + inner - 1) / inner
    let step = max(1, Self.chunk / inner)
    for first in stride(from: range.lowerBound / inner, to: last, by: step) {
      let blocks = first..<min(first + step, last)
      let covered = (first * inner)..<(blocks.upperBound * inner)
      try withElements(covered) { elements in
        let found = try parameters(blocks, of: elements)
        try encode(
          elements, covered, wanted: range, rows: 1, columns: blocks.count, inner: inner, found,
          body)
      }
    }
  }

  /// Blocks too large for that: pieces of them with parameters found beforehand.
  private func forEachPartOfBlock(
    in range: Range<Int>, _ body: (EncodedPiece) throws -> Void
  ) throws {
    var start = range.lowerBound
    while start < range.upperBound {
      let block = start / layout.inner
      let piece = start..<min(range.upperBound, start + Self.chunk, (block + 1) * layout.inner)
      let found = try parameters(block..<(block + 1))
      try withElements(piece) { elements in
        try encode(
          elements, piece, wanted: range, rows: 1, columns: 1, inner: piece.count, found, body)
      }
      start = piece.upperBound
    }
  }

  /// Blocks that run across rows: some rows of one panel at a time.
  private func forEachRunOfRows(
    in range: Range<Int>, _ body: (EncodedPiece) throws -> Void
  ) throws {
    let length = layout.rowLength
    let last = (range.upperBound + length - 1) / length
    let step = max(1, Self.chunk / length)
    var row = range.lowerBound / length
    while row < last {
      let end = min(last, (row / layout.rows + 1) * layout.rows)
      let panel = row / layout.rows % layout.panels
      let found = try parameters(panel..<(panel + 1))
      for first in stride(from: row, to: end, by: step) {
        let rows = min(step, end - first)
        let covered = (first * length)..<((first + rows) * length)
        try withElements(covered) { elements in
          try encode(
            elements, covered, wanted: range, rows: rows, columns: layout.columns,
            inner: layout.inner, found, body)
        }
      }
      row = end
    }
  }

  private func encode(
    _ elements: UnsafeRawPointer, _ covered: Range<Int>, wanted: Range<Int>, rows: Int,
    columns: Int, inner: Int, _ parameters: BlockParameters,
    _ body: (EncodedPiece) throws -> Void
  ) throws {
    try Scratch.withBytes(covered.count) { buffer in
      guard let codes = buffer.bindMemory(to: UInt8.self).baseAddress else { return }
      mpk_encode(
        elements, isHalf ? 1 : 0, rows, columns, inner, columns * inner, parameters.scales,
        parameters.zeros, kernelScheme, codes, columns * inner)
      try body(
        EncodedPiece(
          covered: covered, wanted: covered.clamped(to: wanted), rows: rows, columns: columns,
          inner: inner, parameters: parameters, elements: elements, codes: codes))
    }
  }
}
