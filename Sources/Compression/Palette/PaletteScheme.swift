// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import Tensors

/// How a weight is palettized: indices of `bits` bits into tables of values.
///
/// What each mode computes is in `docs/formats/palettization.md`.
package struct PaletteScheme: Hashable, Sendable {
  package enum Mode: Hashable, Sendable {
    /// The table that minimizes the squared error; exact for single values.
    case kmeans
    /// Evenly spaced from the smallest value to the largest.
    case uniform
    /// The values of the weight themselves, of which there must be few enough.
    case unique
    /// This table, row-major where entries are vectors.
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
  package static let clusterSizes = [1, 2, 4]

  package let bits: Int
  package let mode: Mode
  package private(set) var granularity: Granularity
  /// Consecutive channels, along the axis of the groups, whose elements share an index: entries of
  /// the table are vectors.
  package let clusterSize: Int
  /// Every position is divided by the largest magnitude along the channels first, as coremltools
  /// does it: the scales extend over all axes but that of the groups.
  package let hasChannelScale: Bool
  /// `int8` stores tables quantized, one scale each; `nil` in the dtype of the weight.
  package let tableDType: DType?

  /// C1: `bits` is one of `bitWidths`. C2: groups have 1 channel or more. C3: `clusterSize` is one
  /// of `clusterSizes` and divides the groups. C4: `uniform` and `unique` have no vectors. C5: a
  /// given table is finite and has 1 to `2^bits` entries. C6: `tableDType` is int8 or nil. Throws
  /// `.usage`.
  package init(
    bits: Int, mode: Mode = .kmeans, granularity: Granularity = .perTensor, clusterSize: Int = 1,
    hasChannelScale: Bool = false, tableDType: DType? = nil
  ) throws {
    self.bits = bits
    self.mode = mode
    self.granularity = granularity
    self.clusterSize = clusterSize
    self.hasChannelScale = hasChannelScale
    self.tableDType = tableDType
    try check()
  }

  private func check() throws {
    guard Self.bitWidths.contains(bits) else {
      throw Diagnostic.impossible("palettes of \(bits) bits", among: Self.bitWidths)
    }
    guard Self.clusterSizes.contains(clusterSize) else {
      throw Diagnostic.impossible("vectors of \(clusterSize)", among: Self.clusterSizes)
    }
    if let size = groupSize {
      guard size >= 1 else {
        throw Diagnostic.usage("groups of \(size) channels are impossible", "use 1 or more")
      }
      guard size % clusterSize == 0 else {
        throw Diagnostic.usage(
          "groups of \(size) channels do not divide into vectors of \(clusterSize)",
          "use a multiple of \(clusterSize) as the size of groups")
      }
    }
    if clusterSize > 1, mode == .uniform || mode == .unique {
      throw Diagnostic.usage(
        "a \(modeName) palette has no vectors", "use k-means, or vectors of 1")
    }
    if let tableDType, tableDType != .int8 {
      throw Diagnostic.usage(
        "tables cannot be stored in \(tableDType.rawValue)",
        "use int8, or none to store them in the dtype of the weight")
    }
    if case .table(let values) = mode { try check(table: values) }
  }

  private func check(table: [Float]) throws {
    let entries = table.count / clusterSize
    guard table.count % clusterSize == 0, entries >= 1, entries <= entryCount else {
      throw Diagnostic.usage(
        "a table of \(table.count) numbers does not fit \(bits) bits"
          + (clusterSize > 1 ? " and vectors of \(clusterSize)" : ""),
        "give 1 to \(entryCount) entries" + (clusterSize > 1 ? " of \(clusterSize) numbers" : ""))
    }
    guard table.allSatisfy(\.isFinite) else {
      throw Diagnostic.usage("the table holds an infinity or a NaN", "give finite numbers")
    }
  }

  /// Entries of each table.
  package var entryCount: Int { 1 << bits }

  /// Channels that share a table; `nil` for all.
  package var groupSize: Int? {
    switch granularity {
    case .perTensor: nil
    case .outputGroups(let size), .inputGroups(let size): size
    }
  }

  /// The same with one table.
  func perTensor() -> PaletteScheme {
    var scheme = self
    scheme.granularity = .perTensor
    return scheme
  }

  /// The dtype of indices since iOS 18.
  var indexDType: DType {
    switch bits {
    case 1: .uint1
    case 2: .uint2
    case 3: .uint3
    case 4: .uint4
    case 6: .uint6
    default: .uint8
    }
  }

  fileprivate var modeName: String {
    switch mode {
    case .kmeans: "k-means"
    case .uniform: "uniform"
    case .unique: "unique"
    case .table: "given table"
    }
  }
}

extension PaletteScheme.Granularity: CustomStringConvertible {
  /// `groups of 16 output channels`, `per tensor`.
  package var description: String {
    switch self {
    case .perTensor: "per tensor"
    case .outputGroups(let size): "groups of \(size) output channels"
    case .inputGroups(let size): "groups of \(size) input channels"
    }
  }
}

extension PaletteScheme: CustomStringConvertible {
  /// `4-bit palette (k-means), groups of 16 output channels`.
  package var description: String {
    var text = "\(bits)-bit palette (\(modeName)), \(granularity)"
    if clusterSize > 1 { text += ", vectors of \(clusterSize)" }
    if hasChannelScale { text += ", scale per channel" }
    if let tableDType { text += ", \(tableDType.rawValue) table" }
    return text
  }
}

extension Diagnostic {
  fileprivate static func usage(_ message: String, _ fix: String) -> Diagnostic {
    .error(.usage, message, fix: fix)
  }

  fileprivate static func impossible(_ what: String, among allowed: [Int]) -> Diagnostic {
    .usage(
      "\(what) are impossible", "use one of \(allowed.map(String.init).joined(separator: ", "))")
  }
}
