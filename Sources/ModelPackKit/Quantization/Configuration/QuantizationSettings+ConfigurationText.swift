// SPDX-License-Identifier: Apache-2.0

extension QuantizationSettings {
  /// The text of a file from which `apply(configurationFile:)` makes these settings again, but for
  /// `measuresError` and `report`, which are no matter of the file. The same settings give the same
  /// text. Tables of palettes are written out.
  ///
  /// - Parameters:
  ///   - comment: lines to begin with, without `#`.
  ///   - path: where the text will be, which `importanceFile` is told relative to.
  public func configuration(comment: [String] = [], for path: String = "") -> String {
    var keys = treatment?.configuration ?? []
    if let importanceFile {
      keys.append(("importance", .text(ConfigurationPath.name(of: importanceFile, in: path))))
    }
    keys.append(("min-elements", .int(minElements)))
    keys.append(("indivisible", .value(refusesIndivisible ? "refuse" : "per-channel")))
    if !include.isEmpty { keys.append(("include", .texts(include))) }
    if !exclude.isEmpty { keys.append(("exclude", .texts(exclude))) }
    if !rules.isEmpty { keys.append(("rules", .list(rules.map(\.configuration)))) }
    return ConfigurationText.comment(comment)
      + ConfigurationText.keys(keys).lines.map { $0 + "\n" }.joined()
  }

  /// Writes `configuration` to `path`, whole or not at all. Throws `.outputExists` or
  /// `.cannotWrite`.
  public func writeConfiguration(
    to path: String, comment: [String] = [], overwrite: Bool = false
  ) throws {
    try TextOutput(path, overwrite: overwrite).write(configuration(comment: comment, for: path))
  }
}

/// Keys and values in the order in which they are written.
private typealias Members = [(key: String, value: ConfigurationText)]

extension QuantizationSettings.Rule {
  fileprivate var configuration: ConfigurationText {
    var keys: Members = []
    if !weights.isEmpty { keys.append(("weights", .texts(weights))) }
    if !names.isEmpty { keys.append(("names", .texts(names))) }
    if !operations.isEmpty { keys.append(("operations", .texts(operations))) }
    let settings = treatment?.configuration ?? []
    keys += settings.isEmpty ? [("skip", .value("true"))] : settings
    if let minElements { keys.append(("min-elements", .int(minElements))) }
    return .keys(keys)
  }
}

extension QuantizationSettings.Treatment {
  fileprivate var configuration: Members {
    let values: Members =
      switch self.values {
      case .dense: []
      case .linear(let scheme): scheme.configuration
      case .palette(let palette): [("palette", palette.configuration)]
      }
    return values + (pruning.map { [$0.configuration] } ?? [])
  }
}

extension QuantizationSettings.Scheme {
  /// All of it, so that nothing comes from elsewhere.
  fileprivate var configuration: Members {
    let blocks: (String, ConfigurationText) =
      switch granularity {
      case .block(let size): ("block", .int(size))
      case .perChannel: ("granularity", .value("per-channel"))
      case .perTensor: ("granularity", .value("per-tensor"))
      }
    return [
      ("dtype", .value(elementType.rawValue)), blocks, ("mode", .value(mode.rawValue)),
      ("fit", .value(fit.rawValue)),
    ]
  }
}

extension QuantizationSettings.Palette {
  /// Only what is not usual.
  fileprivate var configuration: ConfigurationText {
    var keys: Members = [("bits", .int(bits))]
    switch mode {
    case .kmeans: break
    case .uniform: keys.append(("mode", .value("uniform")))
    case .unique: keys.append(("mode", .value("unique")))
    case .table(let values): keys.append(("table", .row(values)))
    }
    if let groupSize {
      keys.append(("group", .int(groupSize)))
      if groupAxis != .output { keys.append(("group-axis", .value(groupAxis.rawValue))) }
    }
    if clusterSize != 1 { keys.append(("cluster", .int(clusterSize))) }
    if hasChannelScale { keys.append(("channel-scale", .value("true"))) }
    if let tableType { keys.append(("table-dtype", .value(tableType.rawValue))) }
    return keys.count == 1 ? .int(bits) : .keys(keys)
  }
}

extension QuantizationSettings.Pruning {
  fileprivate var configuration: (key: String, value: ConfigurationText) {
    switch self {
    case .share(let share): return ("sparse", .number(share))
    case .blocks(let share, let size, let axis):
      let keys: Members = [
        ("share", .number(share)), ("block", .int(size)), ("axis", .value(axis.rawValue)),
      ]
      return ("sparse", .keys(keys))
    case .threshold(let limit, let share):
      if self == .threshold(limit) { return ("threshold", .number(limit)) }
      return (
        "threshold", .keys([("value", .number(limit)), ("minimum-share", .number(share))])
      )
    case .pattern(let zeros, let group, let axis):
      if axis == .input { return ("pattern", .value("\"\(zeros):\(group)\"")) }
      let keys: Members = [
        ("zeros", .int(zeros)), ("group", .int(group)), ("axis", .value(axis.rawValue)),
      ]
      return ("pattern", .keys(keys))
    }
  }
}
