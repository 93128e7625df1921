// SPDX-License-Identifier: Apache-2.0

/// A weight seen as `[rows, channels, inner]`, where consecutive channels form groups. A unit is a
/// group of all elements within a row: contiguous, and shorter at the end of a row that the groups
/// do not divide.
struct GroupLayout: Hashable, Sendable {
  let rows: Int
  let channels: Int
  let inner: Int
  let group: Int

  /// C1: `axis` is one of the axes of `shape`; `group` is at least 1.
  init(shape: [Int], axis: Int, group: Int) {
    let before = shape[..<axis].reduce(1, *)
    inner = shape[(axis + 1)...].reduce(1, *)
    // Whole groups follow each other over all rows.
    let isWhole = shape[axis] % group == 0
    rows = isWhole ? 1 : before
    channels = isWhole ? before * shape[axis] : shape[axis]
    self.group = group
  }

  var rowLength: Int { channels * inner }
  var unitLength: Int { group * inner }
  var unitsPerRow: Int { (channels + group - 1) / group }

  /// Consecutive units of one row with equally many channels.
  struct Run {
    /// The elements they are.
    var elements: Range<Int>
    var units: Int
    var channels: Int
  }

  /// The units that reach into `range`, at most `limit` elements at a time where a unit allows it.
  func forEachRun(in range: Range<Int>, limit: Int, _ body: (Run) throws -> Void) rethrows {
    var place = range.lowerBound
    while place < range.upperBound {
      let row = place / rowLength * rowLength
      let unit = (place - row) / unitLength
      let start = row + unit * unitLength
      var run = Run(elements: start..<start, units: 1, channels: group)
      if unit < channels / group {
        let wanted = (range.upperBound - start + unitLength - 1) / unitLength
        run.units = min(channels / group - unit, wanted, max(1, limit / unitLength))
      } else {
        run.channels = channels % group
      }
      run.elements = start..<(start + run.units * run.channels * inner)
      try body(run)
      place = run.elements.upperBound
    }
  }
}
