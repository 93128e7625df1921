// SPDX-License-Identifier: Apache-2.0
import CKernels
import Diagnostics
import Tensors

/// The entries of tables that indices name: what `constexpr_lut_to_dense` stands for. An entry is a
/// vector that is laid along one axis.
final class LookupSource: DecodedSource {
  private let indices: any WeightSource
  private let table: any WeightSource
  private let grid: BlockGrid
  /// Entries of one table, and elements of an entry.
  private let entries: Int
  private let size: Int
  /// Elements that follow one another past the axis of the vectors.
  private let inner: Int
  let shape: [Int]
  let key: String

  var dtype: DType { table.dtype }

  /// C1: `table` has `entries * size` elements for each block of `grid`, which is one of `indices`.
  /// C2: `indices` has at most 8 bits, `table` 1, 2 or 4 bytes.
  init(
    _ indices: any WeightSource, table: any WeightSource, grid: BlockGrid, entries: Int, size: Int,
    axis: Int, shape: [Int]
  ) {
    self.indices = indices
    self.table = table
    self.grid = grid
    self.entries = entries
    self.size = size
    self.shape = shape
    inner = indices.shape.dropFirst(axis + 1).reduce(1, *)
    key = "lookup(\(indices.key),\(table.key),\(indices.shape),\(table.shape),\(axis))"
  }

  func decode(_ range: Range<Int>, into target: UnsafeMutableRawPointer) throws {
    if range.isEmpty { return }
    if size == 1 {
      try withTables(range) { codes, tables, blocks in
        try look(
          up: range, codes, tables, blocks, component: 0, into: target, distance: 1)
      }
    } else if inner >= Self.longRow {
      try decodeRows(range, into: target)
    } else {
      try decodeVectors(range, into: target)
    }
  }

  private static let longRow = 1024

  /// Part of a row at a time: element `a` of the axis is component `a % size` of index `a / size`.
  private func decodeRows(_ range: Range<Int>, into target: UnsafeMutableRawPointer) throws {
    var position = range.lowerBound
    while position < range.upperBound {
      let (row, column) = position.quotientAndRemainder(dividingBy: inner)
      let count = min(inner - column, range.upperBound - position)
      let first = row / size * inner + column
      let place = target + (position - range.lowerBound) * dtype.unpackedSize
      try withTables(first..<(first + count)) { codes, tables, blocks in
        try look(
          up: first..<(first + count), codes, tables, blocks, component: row % size, into: place,
          distance: 1)
      }
      position += count
    }
  }

  /// Whole rows of indices into memory of their own, of which the part that is wanted is copied.
  private func decodeVectors(_ range: Range<Int>, into target: UnsafeMutableRawPointer) throws {
    let width = inner * size
    let rows = (range.lowerBound / width)..<((range.upperBound - 1) / width + 1)
    let covered = (rows.lowerBound * inner)..<(rows.upperBound * inner)
    let bytes = dtype.unpackedSize
    try Decoding.withScratch(UInt32.self, (covered.count * size * bytes + 3) / 4) { words in
      let values = UnsafeMutableRawPointer(words)
      try withTables(covered) { codes, tables, blocks in
        for component in 0..<size {
          if inner == 1 {
            try look(
              up: covered, codes, tables, blocks, component: component,
              into: values + component * bytes, distance: size)
            continue
          }
          for row in rows {
            let place = (row - rows.lowerBound) * inner
            try look(
              up: (row * inner)..<((row + 1) * inner), codes + place, tables, blocks,
              component: component, into: values + (place * size + component * inner) * bytes,
              distance: 1)
          }
        }
      }
      let skipped = range.lowerBound - rows.lowerBound * width
      target.copyMemory(from: values + skipped * bytes, byteCount: range.count * bytes)
    }
  }

  /// Gives `body` the indices of `range` and the tables of `blocks`, which they refer to.
  private func withTables(
    _ range: Range<Int>,
    _ body: (UnsafePointer<UInt8>, UnsafeRawPointer, _ blocks: Range<Int>) throws -> Void
  ) throws {
    let blocks = grid.blocks(of: range)
    let length = entries * size
    try Decoding.withScratch(UInt8.self, range.count) { codes in
      try indices.readUnpacked(range, into: codes)
      let bytes = blocks.count * length * dtype.unpackedSize
      try Decoding.withScratch(UInt32.self, (bytes + 3) / 4) { tables in
        try table.readUnpacked(
          (blocks.lowerBound * length)..<(blocks.upperBound * length), into: tables)
        try body(codes, tables, blocks)
      }
    }
  }

  /// Looks up the indices of `range`, whose codes are at `codes`.
  private func look(
    up range: Range<Int>, _ codes: UnsafePointer<UInt8>, _ tables: UnsafeRawPointer,
    _ blocks: Range<Int>, component: Int, into target: UnsafeMutableRawPointer, distance: Int
  ) throws {
    let bytes = dtype.unpackedSize
    try grid.forEachRun(in: range) { start, count, block, phase in
      // A run may cross blocks.
      var (done, block, left) = (0, block, grid.inner - phase)
      while done < count {
        let part = min(left, count - done)
        let place = start - range.lowerBound + done
        let entry = ((block - blocks.lowerBound) * entries * size + component) * bytes
        let status = mpk_lookup(
          codes + place, part, tables + entry, entries, size, bytes,
          target + place * distance * bytes, distance)
        guard status == 0 else {
          throw Diagnostic.error(
            .malformed, "an index lies outside a table of \(entries) entries")
        }
        (done, block, left) = (done + part, block + 1, grid.inner)
      }
    }
  }
}
