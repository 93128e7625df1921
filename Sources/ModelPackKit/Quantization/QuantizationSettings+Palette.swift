// SPDX-License-Identifier: Apache-2.0
import Compression

extension QuantizationSettings {
  /// How weights are palettized: each element is an index of 1, 2, 3, 4, 6 or 8 bits into a table.
  public struct Palette: Hashable, Sendable {
    public enum Mode: Hashable, Sendable {
      /// The table with the least squared error; exactly that for single values.
      case kmeans
      /// Evenly spaced from the smallest value to the largest.
      case uniform
      /// The values of the weight themselves; weights with more are left as they are.
      case unique
      /// This table, one vector after another.
      case table([Float])
    }

    public enum Axis: String, Hashable, Sendable, CaseIterable {
      case output, input
    }

    public var bits: Int
    public var mode = Mode.kmeans
    /// Consecutive channels that share a table; nil for one table.
    public var groupSize: Int?
    public var groupAxis = Axis.output
    /// Consecutive channels whose elements share an index: 1, 2 or 4.
    public var clusterSize = 1
    /// Elements are divided by the largest magnitude along the channels first.
    public var hasChannelScale = false
    /// int8, or nil for tables in the dtype of the weight.
    public var tableType: ElementType?

    public init(bits: Int) {
      self.bits = bits
    }
  }
}

extension QuantizationSettings.Palette {
  /// The same in the words of the compressor. Throws `.usage` for an impossible palette.
  func values() throws -> CompressionScheme.Values {
    let words: PaletteScheme.Mode =
      switch mode {
      case .kmeans: .kmeans
      case .uniform: .uniform
      case .unique: .unique
      case .table(let values): .table(values)
      }
    let groups: PaletteScheme.Granularity =
      switch (groupSize, groupAxis) {
      case (nil, _): .perTensor
      case (let size?, .output): .outputGroups(size)
      case (let size?, .input): .inputGroups(size)
      }
    return .palette(
      try PaletteScheme(
        bits: bits, mode: words, granularity: groups, clusterSize: clusterSize,
        hasChannelScale: hasChannelScale, tableDType: tableType?.dtype))
  }
}
