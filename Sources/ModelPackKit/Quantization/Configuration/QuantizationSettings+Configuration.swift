// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics

extension QuantizationSettings {
  /// Takes over what the file at `path` says, in YAML or JSON. All keys are in `docs/settings.md`:
  ///
  ///     dtype: int4
  ///     block: 32
  ///     sparse: 50%
  ///     rules:
  ///       - operations: [gather]
  ///         palette: 6
  ///       - names: ["lm_head*"]
  ///         skip: true
  ///
  /// Patterns and rules are added to those that are there. Throws `.notFound`, and `.malformed` with
  /// the lines of all that is wrong, which is also to say again what `treatment` says already.
  public mutating func apply(configurationFile path: String) throws {
    let bytes = try FileContent.read(path, limit: 1 << 24)
    let reader = ConfigurationReader(folder: ConfigurationPath.folder(of: path))
    let root = try YAMLNode(parsing: bytes, file: path)
    var changed = self
    changed.apply(ConfigurationMapping(root, keys: ConfigurationKeys.top, reader))
    try reader.throwIfProblems()
    self = changed
  }

  private mutating func apply(_ file: ConfigurationMapping) {
    merge(file)
    minElements = file.int("min-elements") ?? minElements
    include += file.strings("include")
    exclude += file.strings("exclude")
    if let what = file.choice("indivisible", ConfigurationChoices.indivisible) {
      refusesIndivisible = what == "refuse"
    }
    // After a problem any scheme will do to find more.
    let hasLinear = file.first(of: ConfigurationKeys.linear) != nil
    let base = treatment?.linearScheme ?? (hasLinear ? Scheme(.int8) : nil)
    for rule in file.read("rules", { try $0.elements() }) ?? [] {
      let keys = ConfigurationMapping(rule, keys: ConfigurationKeys.rule, file.reader)
      rules.append(Rule(keys, default: base))
    }
    importanceFile = file.importance(for: self) ?? importanceFile
  }

  /// Adds what the top of the file says that happens to weights.
  private mutating func merge(_ file: ConfigurationMapping) {
    let problems = file.reader.problemCount
    if let values = treatment?.values, values != .dense {
      file.refuse(ConfigurationKeys.linear + ["palette"], "a type or palette")
    }
    if treatment?.pruning != nil { file.refuse(ConfigurationKeys.pruning, "pruning") }
    guard file.reader.problemCount == problems else { return }
    guard let own = file.treatment(default: treatment?.linearScheme) else { return }
    let given = treatment ?? Treatment(.dense)
    treatment = Treatment(
      given.values == .dense ? own.values : given.values, pruning: given.pruning ?? own.pruning)
  }
}

extension ConfigurationMapping {
  fileprivate func refuse(_ keys: [String], _ other: String) {
    guard let entry = first(of: keys) else { return }
    reader.report(
      entry.value, "'\(entry.key)' and \(other) on the command line exclude each other",
      fix: "give it in one place")
  }

  /// The path of the importance, which `settings` must have a use for.
  fileprivate func importance(for settings: QuantizationSettings) -> String? {
    read("importance") { value in
      let path = reader.path(try value.string())
      let all = [settings.treatment] + settings.rules.map(\.treatment)
      guard reader.problemCount > 0 || all.contains(where: { $0?.linearScheme?.fit == .error })
      else {
        throw value.fails("'importance' goes with 'fit: error'")
      }
      return path
    }
  }
}

extension QuantizationSettings.Treatment {
  /// How weights are quantized, if they are.
  fileprivate var linearScheme: QuantizationSettings.Scheme? {
    if case .linear(let scheme) = values { scheme } else { nil }
  }
}

extension QuantizationSettings.Rule {
  /// Reports what is wrong.
  fileprivate init(
    _ keys: ConfigurationMapping, default scheme: QuantizationSettings.Scheme?
  ) {
    let problems = keys.reader.problemCount
    let given = keys.first(of: ConfigurationKeys.treatment)
    let skips = keys.bool("skip") ?? false
    self.init(
      weights: keys.strings("weights"), names: keys.strings("names"),
      operations: keys.choices("operations", ConfigurationChoices.operations),
      keys.treatment(default: scheme), minElements: keys.int("min-elements"))
    guard keys.reader.problemCount == problems, !keys.isUnclear else { return }
    for (key, list) in [("weights", weights), ("names", names), ("operations", operations)] {
      guard let value = keys[key], list.isEmpty else { continue }
      keys.reader.report(
        value, "the list '\(key)' is empty", fix: "leave the key out if any will do")
    }
    if skips == (given != nil) {
      keys.reader.report(
        keys.node, skips ? "a rule that skips has no settings" : "a rule needs settings",
        fix: skips
          ? "remove 'skip' or '\(given?.key ?? "")'"
          : "give it a dtype, a palette or pruning, or 'skip: true' to leave weights as they are")
    }
  }
}
