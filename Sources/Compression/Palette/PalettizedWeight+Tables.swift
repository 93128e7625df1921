// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tensors

extension PalettizedWeight {
  /// Finds the tables of all groups.
  func findTables() throws {
    if isLocal {
      for group in 0..<layout.groupCount { _ = try table(of: group) }
    } else {
      _ = try tables(of: 0..<layout.groupCount)
    }
  }

  /// The table of a group that is read at once.
  func table(of group: Int) throws -> PaletteTable {
    if let known = memory.recall(group) { return known }
    let range = (group * layout.groupElements)..<((group + 1) * layout.groupElements)
    return try withNormalized(range) { try table(of: group, elements: $0) }
  }

  /// The table of a group whose elements, divided by their scales, are at hand.
  func table(of group: Int, elements: UnsafeMutableRawPointer) throws -> PaletteTable {
    if let known = memory.recall(group) { return known }
    let collector = try collector()
    try add(
      elements, first: group * layout.groupElements, count: layout.groupElements, to: collector,
      group)
    return try remember(collector, of: group)
  }

  /// The tables of groups that are not read at once. Groups that another thread is busy with come
  /// last.
  func tables(of groups: Range<Int>) throws -> [PaletteTable] {
    var found = [PaletteTable?](repeating: nil, count: groups.count)
    for waits in [false, true] {
      for panel in (groups.lowerBound / self.panel)...((groups.upperBound - 1) / self.panel) {
        let all = (panel * self.panel)..<min((panel + 1) * self.panel, layout.groupCount)
        let wanted = layout.isContiguous ? all.clamped(to: groups) : all
        let work = { () throws -> Void in
          var tables = wanted.map { self.memory.recall($0) }
          if tables.contains(where: { $0 == nil }) { tables = try self.search(wanted, tables) }
          for (group, table) in zip(wanted, tables) where groups.contains(group) {
            found[group - groups.lowerBound] = table
          }
        }
        let isMissing = wanted.clamped(to: groups).contains { found[$0 - groups.lowerBound] == nil }
        if !isMissing { continue }
        if waits {
          try turns[panel].lock.withLock { _ in try work() }
        } else {
          _ = try turns[panel].lock.withLockIfAvailable { _ in try work() }
        }
      }
    }
    return found.compactMap { $0 }
  }

  /// The tables of a panel, of which some may be known.
  private func search(_ groups: Range<Int>, _ known: [PaletteTable?]) throws -> [PaletteTable?] {
    if !layout.isContiguous { return try stridedPanel(groups) }
    return try zip(groups, known).map { group, known in
      try known ?? contiguousTable(of: group)
    }
  }

  private func contiguousTable(of group: Int) throws -> PaletteTable {
    let collector = try collector()
    let start = group * layout.groupElements
    try forEachRun(start..<(start + layout.groupElements)) { elements, range in
      try add(elements, first: range.lowerBound, count: range.count, to: collector, group)
    }
    return try remember(collector, of: group)
  }

  /// The tables of neighbouring groups each of which lies in many places.
  private func stridedPanel(_ groups: Range<Int>) throws -> [PaletteTable?] {
    let collectors = try groups.map { _ in try collector() }
    let rows = max(1, Self.chunk / layout.rowLength)
    for first in stride(from: 0, to: layout.outer, by: rows) {
      let last = min(first + rows, layout.outer)
      if rows > 1 {
        try withNormalized(first * layout.rowLength..<last * layout.rowLength) { elements in
          for row in first..<last {
            for (collector, group) in zip(collectors, groups) {
              let place = row * layout.rowLength + group * layout.span
              try add(
                elements + (place - first * layout.rowLength) * elementSize, first: place,
                count: layout.span, to: collector, group)
            }
          }
        }
        continue
      }
      for (collector, group) in zip(collectors, groups) {
        let start = first * layout.rowLength + group * layout.span
        try forEachRun(start..<(start + layout.span)) { elements, range in
          try add(elements, first: range.lowerBound, count: range.count, to: collector, group)
        }
      }
    }
    return try zip(collectors, groups).map { try remember($0, of: $1) }
  }

  /// Gives the elements of `range`, whole units divided by their scales, to `body` piece by piece.
  func forEachRun(
    _ range: Range<Int>, _ body: (UnsafeMutableRawPointer, Range<Int>) throws -> Void
  ) throws {
    let step = max(1, Self.chunk / unit) * unit
    for start in stride(from: range.lowerBound, to: range.upperBound, by: step) {
      let piece = start..<min(start + step, range.upperBound)
      try withNormalized(piece) { try body($0, piece) }
    }
  }

  /// Whole units, divided by their scales.
  func withNormalized<Result>(
    _ range: Range<Int>, _ body: (UnsafeMutableRawPointer) throws -> Result
  ) throws -> Result {
    let scales = try scales()
    return try withElements(range) { elements in
      if let scales { normalize(elements, range, scales) }
      return try body(elements)
    }
  }

  // MARK: One group

  private func collector() throws -> any PaletteCollector {
    let collector = try collectorOfAll()
    return ignoresZeros ? NonzeroCollector(collector, isHalf: isHalf) : collector
  }

  private func collectorOfAll() throws -> any PaletteCollector {
    let count = palette.entryCount
    switch palette.mode {
    case .table(let table): return GivenCollector(table, isHalf: isHalf)
    case .uniform: return RangeCollector(entryCount: count, isHalf: isHalf)
    case .kmeans where layout.clusterSize > 1:
      return VectorCollector(layout: layout, entryCount: count, isHalf: isHalf)
    case .kmeans, .unique:
      let isUnique = palette.mode == .unique
      if isHalf { return HalfCollector(entryCount: count, isHalf: true, isUnique: isUnique) }
      if isUnique { return DistinctCollector(limit: count) }
      if layout.groupElements > SingleCollector.limit {
        return BucketCollector(entryCount: count, isHalf: false, isUnique: false)
      }
      return SingleCollector(entryCount: count, isHalf: false, isUnique: false)
    }
  }

  /// Shows a run of elements, within one of the outer positions or without scales, to a collector.
  private func add(
    _ elements: UnsafeMutableRawPointer, first: Int, count: Int, to collector: any PaletteCollector,
    _ group: Int
  ) throws {
    try translating(group) {
      guard let scales = try scales() else {
        return try collector.add(elements, count: count, scales: nil)
      }
      try scales.withUnsafeBufferPointer { scales in
        guard let start = scales.baseAddress else { return }
        var place = first
        while place < first + count {
          let outer = place / layout.rowLength
          let end = min(first + count, (outer + 1) * layout.rowLength)
          try collector.add(
            elements + (place - first) * elementSize, count: end - place,
            scales: PeriodicScales(start: start + outer * layout.inner, period: layout.inner))
          place = end
        }
      }
    }
  }

  private func remember(
    _ collector: any PaletteCollector, of group: Int
  ) throws -> PaletteTable {
    let entries = try translating(group) { try collector.entries() }
    let table = PaletteTable(
      entries, count: palette.entryCount, size: layout.clusterSize, isHalf: isHalf,
      inInt8: palette.tableDType != nil)
    memory.remember(table, of: group)
    return table
  }

  private func translating<Result>(_ group: Int, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let defect as PaletteDefect {
      switch defect {
      case .notFinite: throw notFinite()
      case .tooManyValues(let count): throw tooManyValues(count, group)
      }
    }
  }

  private func tooManyValues(_ count: Int, _ group: Int) -> Diagnostic {
    let place = layout.groupCount == 1 ? "" : "group \(group) of "
    // Of float32 values, counting stops at the first too many.
    let number = isHalf ? "\(count)" : "more than \(palette.entryCount)"
    return .error(
      .unsupportedArgument,
      "\(place)weight '\(name)' holds \(number) distinct values, and a table of "
        + "\(palette.bits) bits holds \(palette.entryCount)",
      fix: "use more bits, smaller groups or another mode")
  }
}
