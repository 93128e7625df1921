// SPDX-License-Identifier: Apache-2.0
import Compression
import Containers
import Diagnostics

extension QuantizationSettings {
  /// Takes over what the file at `path` says, in YAML or JSON:
  ///
  ///     dtype: int4
  ///     block: 32                  # or granularity: per-channel, per-tensor
  ///     mode: symmetric
  ///     fit: min-max               # or error
  ///     min-elements: 2048
  ///     indivisible: per-channel   # or refuse
  ///     exclude: ["*norm*"]
  ///     rules:
  ///       - operations: [gather]
  ///         dtype: int8
  ///         granularity: per-channel
  ///       - names: ["lm_head*"]
  ///         skip: true
  ///
  /// Throws `.notFound`, and `.malformed` with the line that is wrong.
  public mutating func apply(configurationFile path: String) throws {
    let bytes = try FileContent.read(path, limit: 1 << 20)
    try apply(ConfigurationNode(node: try YAMLNode(parsing: bytes, file: path)))
  }

  private mutating func apply(_ node: ConfigurationNode) throws {
    try node.allow([
      "dtype", "granularity", "block", "mode", "fit", "min-elements", "include", "exclude",
      "indivisible", "rules",
    ])
    scheme = try node.scheme(default: scheme) ?? scheme
    minElements = try node.int("min-elements") ?? minElements
    include += try node.strings("include")
    exclude += try node.strings("exclude")
    if let what = try node.choice("indivisible", ["per-channel", "refuse"]) {
      refusesIndivisible = what == "refuse"
    }
    for rule in try node.node.optional("rules")?.elements() ?? [] {
      rules.append(try Rule(ConfigurationNode(node: rule), default: scheme))
    }
  }
}

extension QuantizationSettings.Rule {
  fileprivate init(
    _ node: ConfigurationNode, default scheme: QuantizationSettings.Scheme?
  ) throws {
    try node.allow([
      "names", "operations", "dtype", "granularity", "block", "mode", "fit", "min-elements", "skip",
    ])
    let skips = try node.node.optional("skip")?.bool() ?? false
    let own = try node.scheme(default: scheme)
    if skips == (own != nil) {
      throw node.node.fails(
        skips ? "a rule that skips has no settings" : "a rule needs settings",
        fix: "give it a dtype, or 'skip: true' to leave the weights as they are")
    }
    self.init(
      names: try node.strings("names"), operations: try node.strings("operations"), scheme: own,
      minElements: try node.int("min-elements"))
  }
}

/// A mapping of a configuration file.
private struct ConfigurationNode {
  let node: YAMLNode

  func allow(_ keys: [String]) throws {
    for (key, value) in try node.members() where !keys.contains(key) {
      throw value.fails(
        "the key '\(key)' is not known", fix: Suggestion.remedy(for: key, among: keys, "keys"))
    }
  }

  func int(_ key: String) throws -> Int? {
    guard let value = try node.optional(key) else { return nil }
    let int = try value.int()
    guard int >= 0 else { throw value.fails("'\(key)' must be 0 or more") }
    return int
  }

  /// A list of strings, or one.
  func strings(_ key: String) throws -> [String] {
    guard let value = try node.optional(key) else { return [] }
    if case .scalar = value.content { return [try value.string()] }
    return try value.elements().map { try $0.string() }
  }

  func choice(_ key: String, _ allowed: [String]) throws -> String? {
    guard let value = try node.optional(key) else { return nil }
    let text = try value.string()
    guard allowed.contains(text) else {
      throw value.fails(
        "'\(text)' is not one of \(allowed.joined(separator: ", "))",
        fix: Suggestion.remedy(for: text, among: allowed, "allowed"))
    }
    return text
  }

  private func dtype() throws -> String? {
    if let value = try node.optional("dtype"), case .scalar(let text, _) = value.content,
      let bits = ElementType.bitsWithoutScale(text)
    {
      let problem = Diagnostic.unscaledBits(text, bits)
      throw value.fails(problem.message, fix: problem.remedy)
    }
    return try choice("dtype", ["int4", "uint4", "int8", "uint8"])
  }

  /// The scheme that the keys give, what they leave open from `scheme`; nil if they give nothing.
  func scheme(
    default scheme: QuantizationSettings.Scheme?
  ) throws -> QuantizationSettings.Scheme? {
    let dtype = try self.dtype()
    let block = try int("block")
    let shape = try choice("granularity", ["per-channel", "per-tensor"])
    let mode = try choice("mode", ["symmetric", "asymmetric"])
    let fit = try choice("fit", ["min-max", "error"])
    let texts = [dtype, shape, mode, fit]
    if block == nil && texts.allSatisfy({ $0 == nil }) { return nil }
    if block != nil && shape != nil {
      throw node.fails("'block' and 'granularity' exclude each other")
    }
    guard let type = dtype.flatMap(ElementType.init) ?? scheme?.elementType else {
      throw node.fails("the key 'dtype' is missing", fix: "give int4, uint4, int8 or uint8")
    }
    let granularity: QuantizationSettings.Granularity? =
      block.map { .block($0) } ?? shape.map { $0 == "per-tensor" ? .perTensor : .perChannel }
    let ownMode = mode.flatMap { QuantizationSettings.Mode(rawValue: $0) }
    let ownFit = fit.flatMap { QuantizationSettings.Fit(rawValue: $0) }
    return QuantizationSettings.Scheme(
      type, granularity ?? (dtype == nil ? scheme?.granularity : nil),
      ownMode ?? scheme?.mode ?? .symmetric, fit: ownFit ?? scheme?.fit ?? .minMax)
  }
}
