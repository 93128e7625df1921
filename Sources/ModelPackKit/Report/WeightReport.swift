// SPDX-License-Identifier: Apache-2.0
import Compression
import CoreMLPackage
import Diagnostics
import MIL
import Tensors

/// What a page about weights shows.
struct WeightReport {
  struct Row {
    var name: String
    var function: String
    var shape: [Int]
    var scheme: String
    /// nil where there is no package to compare with.
    var bytesBefore: Int?
    var bytes: Int
    var decibels: Double?
    var largestError: Double?
    var saturated: Double?
    var uses: [WeightUse]

    var bitsPerWeight: Double { Double(bytes) * 8 / Double(max(1, shape.reduce(1, *))) }
  }

  /// How often values occur in equal parts of a range.
  struct Distribution {
    /// The place of the weight among the rows.
    var row: Int
    var range: ClosedRange<Double>
    /// nil where there is no package to compare with.
    var before: [Int]?
    var after: [Int]
  }

  var title: String
  var facts: [(label: String, value: String)] = []
  /// In the order of the table.
  var rows: [Row] = []
  /// Whether the rows have errors.
  var isComparison: Bool
  var distributions: [Distribution] = []
}

extension WeightReport {
  private static let bins = 96
  private static let shown = 10

  /// The page of a compression.
  init(
    _ measurement: QuantizationMeasurement, _ summary: QuantizationSummary, from source: String,
    to output: String
  ) throws {
    self.init(title: output, isComparison: true)
    let measured = measurement.weights.sorted { a, b in
      (a.difference.decibels, a.after.name) < (b.difference.decibels, b.after.name)
    }
    let schemes = Dictionary(
      summary.weights.map { ([$0.function, $0.name], $0.scheme) }, uniquingKeysWith: { a, _ in a })
    rows = measured.map { weight in
      var row = Row(weight.after)
      if let scheme = schemes[[weight.before.function, weight.before.name]] ?? nil {
        row.scheme = scheme
      }
      row.bytesBefore = weight.before.byteCount
      row.decibels = weight.difference.decibels
      row.largestError = weight.difference.largest
      row.saturated = weight.saturated
      return row
    }
    rows += measurement.unchanged.sorted { ($1.byteCount, $0.name) < ($0.byteCount, $1.name) }
      .map { weight in
        var row = Row(weight)
        row.bytesBefore = weight.byteCount
        return row
      }
    facts = [("compressed from", source)] + totals
    if let decibels = measurement.decibels {
      facts.append(("signal to noise", Self.decibels(decibels)))
    }
    let worst = measured.prefix(Self.shown).enumerated().filter {
      $1.difference.low < $1.difference.high
    }
    let ranges = worst.map { $1.difference.low...$1.difference.high }
    let before = try WeightMeasurement.histograms(
      worst.map { try $1.before.decoded() }, ranges: ranges, bins: Self.bins)
    let after = try WeightMeasurement.histograms(
      worst.map { try $1.after.decoded() }, ranges: ranges, bins: Self.bins)
    distributions = worst.indices.map { place in
      Distribution(
        row: worst[place].offset, range: ranges[place], before: before[place],
        after: after[place])
    }
  }

  /// The page of a package alone.
  init(_ package: ModelPackage, of path: String) throws {
    self.init(title: path, isComparison: false)
    let weights = WeightInventory(package.program).weights.sorted {
      ($1.byteCount, $0.name) < ($0.byteCount, $1.name)
    }
    rows = weights.map { Row($0) }
    let saturated = try WeightMeasurement.saturated(weights.map(\.expression))
    for place in rows.indices { rows[place].saturated = saturated[place] }
    facts = totals
    let shown = weights.prefix(Self.shown).enumerated().filter { $1.dtype.isFloat }
    let sources = try shown.map { try $1.decoded() }
    // Of a weight beside itself only the range is of interest.
    let ranges = try WeightMeasurement.differences(sources.map { ($0, $0) })
    let chosen = ranges.indices.filter { ranges[$0].low < ranges[$0].high }
    let spans = chosen.map { ranges[$0].low...ranges[$0].high }
    let counts = try WeightMeasurement.histograms(
      chosen.map { sources[$0] }, ranges: spans, bins: Self.bins)
    distributions = chosen.indices.map { place in
      Distribution(
        row: shown[chosen[place]].offset, range: spans[place], before: nil, after: counts[place])
    }
  }

  private var totals: [(label: String, value: String)] {
    let bytes = rows.reduce(0) { $0 + $1.bytes }
    let elements = rows.reduce(0) { $0 + $1.shape.reduce(1, *) }
    let before = rows.reduce(0) { $0 + ($1.bytesBefore ?? 0) }
    let compressed = rows.count { $0.scheme != "none" }
    return [
      ("weights", "\(rows.count), \(compressed) compressed"),
      (
        "bytes",
        isComparison
          ? "\(Format.megabytes(before)) to \(Format.megabytes(bytes))" : Format.megabytes(bytes)
      ),
      ("bits per weight", Format.fixed(Double(bytes) * 8 / Double(max(1, elements)), 2)),
    ]
  }

  static func decibels(_ value: Double) -> String {
    value == .infinity ? "nothing lost" : Format.fixed(value, 1) + " dB"
  }
}

extension WeightReport.Row {
  init(_ weight: StoredWeight) {
    self.init(
      name: weight.name, function: weight.function, shape: weight.shape,
      scheme: weight.expression.words, bytes: weight.byteCount,
      uses: weight.uses.map { WeightUse($0) })
  }
}
