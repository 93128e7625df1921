// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tensors

/// Units of a weight in memory, `[units][channels][inner]`: whole ones, or some columns of one.
struct GroupPiece {
  /// Consecutive elements of the weight, and where they lie in the piece.
  struct Part {
    var elements: Range<Int>
    var place: Int
  }

  var data: UnsafeRawPointer
  var units: Int
  var channels: Int
  var inner: Int
  /// Of the weight, or of those channels that were asked for.
  var parts: [Part]

  var count: Int { units * channels * inner }
}

extension PrunedMask {
  /// Gives the units that hold elements of `range` to `body`, some at a time.
  func forEachPiece(
    _ layout: GroupLayout, in range: Range<Int>, _ body: (GroupPiece) throws -> Void
  ) throws {
    if layout.unitLength > Self.largestUnit && layout.inner > 1 {
      return try layout.forEachRun(in: range, limit: 1) { run in
        try forEachColumns(layout, run, wanted: range.clamped(to: run.elements), body)
      }
    }
    var covered = range.lowerBound..<range.lowerBound
    layout.forEachRun(in: range, limit: Self.usualTile) { run in
      let start = covered.isEmpty ? run.elements.lowerBound : covered.lowerBound
      covered = start..<run.elements.upperBound
    }
    try source.withElements(covered) { elements in
      try layout.forEachRun(in: range, limit: Self.usualTile) { run in
        let place = (run.elements.lowerBound - covered.lowerBound) * source.elementSize
        try body(
          GroupPiece(
            data: elements + place, units: run.units, channels: run.channels, inner: layout.inner,
            parts: [.init(elements: run.elements, place: 0)]))
      }
    }
  }

  /// Gives each unit whose first element is in `range` to `body`, some at a time.
  func forEachPiece(
    _ layout: GroupLayout, startingIn range: Range<Int>, _ body: (GroupPiece) throws -> Void
  ) throws {
    // Units before the first one that starts in the range reach into it too.
    var first = range.upperBound
    var end = range.lowerBound
    layout.forEachRun(in: range, limit: 1) { run in
      guard range.contains(run.elements.lowerBound) else { return }
      first = min(first, run.elements.lowerBound)
      end = run.elements.upperBound
    }
    if first < end { try forEachPiece(layout, in: first..<end, body) }
  }

  /// One large unit, some columns at a time, as far as elements of `wanted` are among them.
  private func forEachColumns(
    _ layout: GroupLayout, _ run: GroupLayout.Run, wanted: Range<Int>,
    _ body: (GroupPiece) throws -> Void
  ) throws {
    let (inner, start) = (layout.inner, run.elements.lowerBound)
    let length = min(inner, max(8, Self.largestUnit / 4 / run.channels))
    let size = source.elementSize
    try withUnsafeTemporaryAllocation(
      byteCount: run.channels * length * size, alignment: 64
    ) { buffer in
      guard let base = buffer.baseAddress else { return }
      for column in stride(from: 0, to: inner, by: length) {
        let count = min(length, inner - column)
        var parts: [GroupPiece.Part] = []
        for channel in 0..<run.channels {
          let from = start + channel * inner + column
          let part = GroupPiece.Part(elements: from..<from + count, place: channel * count)
          if part.elements.overlaps(wanted) { parts.append(part) }
        }
        if parts.isEmpty { continue }
        for channel in 0..<run.channels {
          let from = start + channel * inner + column
          try source.read(
            from..<from + count,
            into: UnsafeMutableRawBufferPointer(
              start: base + channel * count * size, count: count * size))
        }
        try body(
          GroupPiece(
            data: base, units: 1, channels: run.channels, inner: count, parts: parts))
      }
    }
  }
}
