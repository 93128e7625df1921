// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics

/// Keys and values of a configuration file. Getters report what is wrong and give nil then.
struct ConfigurationMapping {
  let node: YAMLNode
  let reader: ConfigurationReader
  /// Without keys whose value is null.
  private let values: [(key: String, value: YAMLNode)]
  /// Whether what is missing may be among what cannot be read, such as a key that is not known.
  let isUnclear: Bool

  /// Reports keys other than `keys`.
  init(_ node: YAMLNode, keys: [String], _ reader: ConfigurationReader) {
    self.node = node
    self.reader = reader
    let members = reader.catching(node) { try node.members() }
    values = (members ?? []).filter { !$0.value.isNull }
    isUnclear = members == nil || values.contains { !keys.contains($0.key) }
    for (key, value) in values where !keys.contains(key) {
      reader.report(
        value, "the key '\(key)' is not known",
        fix: Suggestion.remedy(for: key, among: keys, "keys"))
    }
  }

  subscript(_ key: String) -> YAMLNode? { values.first { $0.key == key }?.value }

  /// The first of `keys` in the order of the file.
  func first(of keys: [String]) -> (key: String, value: YAMLNode)? {
    values.first { keys.contains($0.key) }
  }

  /// Reports keys of more than one of these groups.
  func refuseTogether(_ groups: [String]...) {
    let given = values.compactMap { entry in
      groups.firstIndex { $0.contains(entry.key) }.map { (group: $0, entry: entry) }
    }
    guard let first = given.first, let other = given.first(where: { $0.group != first.group })
    else { return }
    reader.report(
      other.entry.value, "'\(first.entry.key)' and '\(other.entry.key)' exclude each other")
  }

  /// Reports `key` where `other` is missing.
  func refuse(_ key: String, without other: String) {
    guard let value = self[key], self[other] == nil else { return }
    reader.report(value, "'\(key)' needs '\(other)'")
  }
}

// MARK: - Values

extension ConfigurationMapping {
  /// The value of `key` as `read` has it.
  func read<T>(_ key: String, _ read: (YAMLNode) throws -> T) -> T? {
    self[key].flatMap { value in reader.catching(value) { try read(value) } }
  }

  /// The value of a key that must be there.
  func required<T>(_ key: String, _ read: (YAMLNode) throws -> T) -> T? {
    if self[key] == nil, !isUnclear {
      reader.report(node, "the key '\(key)' is missing")
    }
    return self.read(key, read)
  }

  func int(_ key: String, from least: Int = 0) -> Int? {
    read(key) { value in
      let int = try value.int()
      guard int >= least else { throw value.fails("'\(key)' must be \(least) or more") }
      return int
    }
  }

  func bool(_ key: String) -> Bool? { read(key) { try $0.bool() } }

  func choice(_ key: String, _ allowed: [String]) -> String? {
    read(key) { try Self.choice($0, allowed) }
  }

  /// A list of texts, or one.
  func strings(_ key: String) -> [String] {
    elements(key).compactMap { value in reader.catching(value) { try value.string() } }
  }

  func choices(_ key: String, _ allowed: [String]) -> [String] {
    elements(key).compactMap { value in
      reader.catching(value) { try Self.choice(value, allowed) }
    }
  }

  private func elements(_ key: String) -> [YAMLNode] {
    guard let value = self[key] else { return [] }
    if case .scalar = value.content { return [value] }
    return reader.catching(value) { try value.elements() } ?? []
  }

  private static func choice(_ value: YAMLNode, _ allowed: [String]) throws -> String {
    let text = try value.string()
    guard allowed.contains(text) else {
      throw value.fails(
        "'\(text)' is not one of \(allowed.joined(separator: ", "))",
        fix: Suggestion.remedy(for: text, among: allowed, "allowed"))
    }
    return text
  }
}

extension YAMLNode {
  var isScalar: Bool {
    if case .scalar = content { true } else { false }
  }

  /// A share of 0 to 1, also in percent.
  func share() throws -> Double {
    let text = try string()
    guard let share = Double(share: text) else {
      throw fails("'\(text)' is no share", fix: "give 0 to 1, such as 0.5, or percent: 50%")
    }
    return share
  }

  /// The number that is nearest to the text.
  func float() throws -> Float {
    guard case .scalar(let text, true) = content, let number = Float(text), number.isFinite else {
      _ = try double()
      throw fails("expected a number that float32 holds, found '\(try string())'")
    }
    return number
  }
}
