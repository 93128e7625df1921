// SPDX-License-Identifier: Apache-2.0
import CKernels
import Diagnostics

/// Consecutive indices of a weight, all of one group.
struct PalettePiece {
  /// What the piece is, among the indices of the weight.
  let range: Range<Int>
  let table: PaletteTable
  /// A byte each.
  let codes: UnsafeMutablePointer<UInt8>
}

extension PalettizedWeight {
  /// Gives the indices of `range` to `body` in consecutive pieces.
  func forEachPiece(in range: Range<Int>, _ body: (PalettePiece) throws -> Void) throws {
    // Indices and elements of whatever is read together.
    let indices = unit / layout.clusterSize
    let first = range.lowerBound / indices
    let last = (range.upperBound + indices - 1) / indices
    if range.isEmpty { return }
    if isLocal { return try forEachGroup(first * unit..<last * unit, wanted: range, body) }
    let groups =
      layout.isContiguous
      ? first * unit / layout.groupElements..<(last * unit - 1) / layout.groupElements + 1
      : 0..<layout.groupCount
    let tables = try tables(of: groups)
    try forEachRun(first * unit..<last * unit) { elements, piece in
      try encode(elements, piece, wanted: range, body) { group, _ in
        tables[group - groups.lowerBound]
      }
    }
  }

  /// Groups small enough to be read whole, several at a time.
  private func forEachGroup(
    _ range: Range<Int>, wanted: Range<Int>, _ body: (PalettePiece) throws -> Void
  ) throws {
    let size = layout.groupElements
    let last = (range.upperBound + size - 1) / size
    let step = max(1, Self.chunk / size)
    for first in stride(from: range.lowerBound / size, to: last, by: step) {
      let piece = first * size..<min(first + step, last) * size
      try withNormalized(piece) { elements in
        try encode(elements, piece, wanted: wanted, body) { group, _ in
          try table(of: group, elements: elements + (group - first) * size * elementSize)
        }
      }
    }
  }

  /// Encodes the elements of `range`, whole units, and gives what of it is `wanted` to `body`.
  private func encode(
    _ elements: UnsafeMutableRawPointer, _ range: Range<Int>, wanted: Range<Int>,
    _ body: (PalettePiece) throws -> Void,
    table: (_ group: Int, _ elements: UnsafeMutableRawPointer) throws -> PaletteTable
  ) throws {
    var place = range.lowerBound
    while place < range.upperBound {
      let span = place / layout.span
      let end = min(range.upperBound, (span + 1) * layout.span)
      let covered = place / layout.clusterSize..<end / layout.clusterSize
      let kept = covered.clamped(to: wanted)
      let run = elements + (place - range.lowerBound) * elementSize
      let found = try table(span % layout.groupCount, run)
      if !kept.isEmpty {
        try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: covered.count) { buffer in
          guard let codes = buffer.baseAddress else { return }
          try encode(run, end - place, found, codes)
          try body(
            PalettePiece(
              range: kept, table: found, codes: codes + (kept.lowerBound - covered.lowerBound)))
        }
      }
      place = end
    }
  }

  /// The indices of a run within one group.
  private func encode(
    _ run: UnsafeRawPointer, _ count: Int, _ table: PaletteTable,
    _ codes: UnsafeMutablePointer<UInt8>
  ) throws {
    if layout.clusterSize > 1 { return try encodeVectors(run, count, table, codes) }
    if mpk_nearest(run, isHalf ? 1 : 0, count, table.cuts, table.cuts.count, codes) != 0 {
      throw notFinite()
    }
    if let order = table.order {
      for place in 0..<count { codes[place] = order[Int(codes[place])] }
    }
  }

  private func encodeVectors(
    _ run: UnsafeRawPointer, _ count: Int, _ table: PaletteTable,
    _ codes: UnsafeMutablePointer<UInt8>
  ) throws {
    let (size, inner) = (layout.clusterSize, layout.inner)
    let vectors = count / size
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { buffer in
      guard let coordinates = buffer.baseAddress else { return }
      for unit in 0..<count / layout.unit {
        for place in 0..<size {
          let from = (unit * size + place) * inner
          let to = coordinates + place * vectors + unit * inner
          if isHalf {
            let halves = run.assumingMemoryBound(to: UInt16.self) + from
            if inner == 1 {
              to[0] = Float(Float16(bitPattern: halves[0]))
            } else {
              mpk_f16_to_f32(halves, to, inner)
            }
          } else {
            to.update(from: run.assumingMemoryBound(to: Float.self) + from, count: inner)
          }
        }
      }
      let strange = mpk_nearest_vectors(
        coordinates, vectors, size, vectors, table.entries, palette.entryCount, codes, nil)
      if strange != 0 { throw notFinite() }
    }
  }
}
