// SPDX-License-Identifier: Apache-2.0
import CKernels
import Diagnostics
package import MIL
import Synchronization
package import Tensors

/// A weight seen through a palette: indices and tables, computed from the source whenever they are
/// read.
package final class PalettizedWeight: CompressedWeight {
  /// How messages call the weight.
  let name: String
  package let source: any WeightSource
  let palette: PaletteScheme
  package let layout: PaletteLayout
  let isHalf: Bool
  let memory: PaletteMemory
  /// Whether tables are made for what is not zero, because zeros are not stored.
  let ignoresZeros: Bool
  /// Groups whose tables are searched for together where they do not lie together.
  let panel: Int
  /// Whether a group is read at once.
  let isLocal: Bool
  /// Held while the tables of some groups are searched for that cannot be read at once.
  let turns: [Turn]
  private let foundScales = Mutex<[Float]?>(nil)

  final class Turn: Sendable {
    let lock = Mutex(())
  }

  /// C1: `source` is float16 or float32 and has the shape of `layout`. C2: `layout` has the vectors
  /// of `scheme`.
  package init(
    _ source: any WeightSource, name: String, scheme: PaletteScheme, layout: PaletteLayout,
    ignoresZeros: Bool = false
  ) throws {
    guard source.dtype == .float16 || source.dtype == .float32, source.shape == layout.shape,
      scheme.clusterSize == layout.clusterSize
    else {
      throw Diagnostic.error(
        .internalError,
        "cannot palettize a \(source.dtype.rawValue) weight of shape \(source.shape)")
    }
    self.source = source
    self.ignoresZeros = ignoresZeros
    self.name = name
    palette = scheme
    self.layout = layout
    isHalf = source.dtype == .float16
    memory = PaletteMemory(
      count: layout.groupCount, size: scheme.entryCount * scheme.clusterSize)
    // What is collected of float32 values takes more memory.
    panel = layout.isContiguous ? 1 : isHalf ? 16 : 2
    let isLocal = layout.isContiguous && layout.groupElements <= Self.chunk
    let panels = isLocal ? 0 : (layout.groupCount + panel - 1) / panel
    turns = (0..<panels).map { _ in Turn() }
    self.isLocal = isLocal
    if case .table(let values) = scheme.mode, isHalf,
      let large = values.first(where: { abs($0) >= 65520 })
    {
      throw Diagnostic.error(
        .notRepresentable, "the table holds \(large), which float16 cannot represent",
        fix: "give a table for weights of float16, or leave '\(name)' as it is with --exclude")
    }
  }

  /// Elements that are worked on at a time: few enough for the second-level cache.
  static let chunk = 1 << 17

  package var scheme: CompressionScheme { .palette(palette) }

  package var key: String { "\(recipe)(\(source.key))" }

  /// How `part` follows from the weight.
  func derivation(_ part: String) -> SourceDerivation {
    SourceDerivation("\(part) \(layout.shape) \(recipe)", of: source)
  }

  /// Equal for weights of one shape that are palettized in the same way.
  private var recipe: String {
    let mode =
      if case .table(let values) = palette.mode {
        "table\(values.map(\.bitPattern))"
      } else {
        "\(palette.mode)"
      }
    return "palette(\(palette.bits),\(mode),\(layout.axis),\(layout.groupSize),"
      + "\(layout.clusterSize),\(palette.hasChannelScale),\(palette.tableDType?.rawValue ?? ""),"
      + "\(ignoresZeros ? "nonzero" : ""))"
  }

  /// The indices, in the shape of the weight but for vectors.
  package var indices: any WeightSource { PaletteIndices(self) }

  /// The tables, in the dtype of the weight.
  package func tables(shape: [Int]) -> any WeightSource { PaletteTables(self, shape: shape) }

  package func expression(in opset: Opset) throws -> WeightExpression {
    try PaletteForm(opset: opset).expression(self)
  }

  var elementSize: Int { isHalf ? 2 : 4 }

  /// Elements that only come together: those of the channels that share indices or scales.
  var unit: Int { layout.clusterSize > 1 || palette.hasChannelScale ? layout.unit : 1 }

  /// Reads elements of the source into a temporary buffer.
  func withElements<Result>(
    _ range: Range<Int>, _ body: (UnsafeMutableRawPointer) throws -> Result
  ) throws -> Result {
    let size = range.count * elementSize
    return try Scratch.withBytes(size) { buffer in
      try source.read(range, into: buffer)
      guard let start = buffer.baseAddress else {
        throw Diagnostic.error(.internalError, "an empty tile of weight '\(name)'")
      }
      return try body(start)
    }
  }

  /// Whether the weight is without infinities and NaNs. Reads all of it.
  package func isFinite() throws -> Bool {
    let runs = try ParallelTiles.map(count: source.count, tile: Self.chunk) { tiles in
      try tiles.allSatisfy { range in
        var (low, high) = (Float(0), Float(0))
        return try withElements(range) {
          mpk_block_range($0, isHalf ? 1 : 0, 1, 1, range.count, 0, &low, &high)
        } == 0
      }
    }
    return runs.allSatisfy { $0 }
  }

  func notFinite() -> Diagnostic {
    .error(
      .notRepresentable,
      "weight '\(name)' holds an infinity or a NaN, which no palette can represent",
      fix: "leave it as it is with --exclude '\(name)'")
  }
}

// MARK: - Scales along the channels

extension PalettizedWeight {
  /// The largest magnitude along the channels of every other position, 1 where that is 0; nil if
  /// the scheme has no scales.
  func scales() throws -> [Float]? {
    guard palette.hasChannelScale else { return nil }
    return try foundScales.withLock { found in
      if let found { return found }
      var largest = [Float](repeating: 0, count: layout.outer * layout.inner)
      var low = [Float](repeating: 0, count: largest.count)
      let step = max(1, Self.chunk / layout.inner)
      for outer in 0..<layout.outer {
        for first in stride(from: 0, to: layout.channels, by: step) {
          let rows = first..<min(first + step, layout.channels)
          let start = (outer * layout.channels + rows.lowerBound) * layout.inner
          let strange = try withElements(start..<(start + rows.count * layout.inner)) { elements in
            low.withUnsafeMutableBufferPointer { low in
              largest.withUnsafeMutableBufferPointer { high in
                mpk_block_range(
                  elements, isHalf ? 1 : 0, rows.count, layout.inner, 1, layout.inner,
                  low.baseAddress.map { $0 + outer * layout.inner },
                  high.baseAddress.map { $0 + outer * layout.inner })
              }
            }
          }
          if strange != 0 { throw notFinite() }
        }
      }
      for place in largest.indices {
        largest[place] = max(largest[place], -low[place])
        if largest[place] == 0 { largest[place] = 1 }
      }
      found = largest
      return largest
    }
  }

  /// Divides elements, whole units from `first` on, by their scales.
  func normalize(
    _ elements: UnsafeMutableRawPointer, _ range: Range<Int>, _ scales: [Float]
  ) {
    scales.withUnsafeBufferPointer { scales in
      guard let start = scales.baseAddress else { return }
      var place = range.lowerBound
      while place < range.upperBound {
        let outer = place / layout.rowLength
        let end = min(range.upperBound, (outer + 1) * layout.rowLength)
        PeriodicScales(start: start + outer * layout.inner, period: layout.inner)
          .forEachRun(of: end - place) { first, count, step in
            mpk_divide(
              elements + (place - range.lowerBound + first) * elementSize, isHalf ? 1 : 0, count,
              start + outer * layout.inner, step)
          }
        place = end
      }
    }
  }
}
