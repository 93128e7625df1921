// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import Tensors

/// How a weight is palettized: indices of `bits` bits into tables of values.
package struct PaletteScheme: Hashable, Sendable {
  package enum Mode: Hashable, Sendable {
    /// The table that minimizes the squared error; exact for single values.
    case kmeans
    /// Evenly spaced from the smallest value to the largest.
    case uniform
    /// The values of the weight themselves, of which there must be few enough.
    case unique
    /// This table.
    case table([Float])
  }

  package enum Granularity: Hashable, Sendable {
    case perTensor
    /// One table for this many consecutive output channels.
    case outputGroups(Int)
    /// One table for this many consecutive input channels.
    case inputGroups(Int)
  }

  package static let bitWidths = [1, 2, 3, 4, 6, 8]

  package var bits: Int
  package var mode: Mode
  package var granularity: Granularity
  /// Consecutive output channels whose elements share an index: entries of the table are vectors.
  package var clusterSize: Int
  /// Each output channel is divided by its largest magnitude first.
  package var hasChannelScale: Bool
  /// `int8` stores the table quantized; `nil` in the dtype of the weight.
  package var tableDType: DType?

  /// C1: `bits` is one of `bitWidths`. C2: sizes are 1 or more. C3: `tableDType` is int8, uint8 or
  /// nil. Throws `.usage`.
  package init(
    bits: Int, mode: Mode = .kmeans, granularity: Granularity = .perTensor, clusterSize: Int = 1,
    hasChannelScale: Bool = false, tableDType: DType? = nil
  ) throws {
    guard Self.bitWidths.contains(bits) else {
      throw Diagnostic.error(
        .usage, "palettes of \(bits) bits are impossible",
        fix: "use one of \(Self.bitWidths.map(String.init).joined(separator: ", "))")
    }
    self.bits = bits
    self.mode = mode
    self.granularity = granularity
    self.clusterSize = clusterSize
    self.hasChannelScale = hasChannelScale
    self.tableDType = tableDType
  }
}

extension PaletteScheme: CustomStringConvertible {
  /// `4-bit palette (k-means), groups of 16 output channels`.
  package var description: String {
    let way =
      switch mode {
      case .kmeans: "k-means"
      case .uniform: "uniform"
      case .unique: "unique values"
      case .table: "given table"
      }
    let groups =
      switch granularity {
      case .perTensor: "per tensor"
      case .outputGroups(let size): "groups of \(size) output channels"
      case .inputGroups(let size): "groups of \(size) input channels"
      }
    var text = "\(bits)-bit palette (\(way)), \(groups)"
    if clusterSize > 1 { text += ", vectors of \(clusterSize)" }
    if hasChannelScale { text += ", scale per channel" }
    if let tableDType { text += ", \(tableDType.rawValue) table" }
    return text
  }
}
