// SPDX-License-Identifier: Apache-2.0
package import Diagnostics

/// A value of a YAML document and where it stands. JSON is read as the YAML that it is.
package struct YAMLNode: Sendable {
  package indirect enum Content: Sendable {
    /// A plain scalar is what its text looks like; a quoted one is a string.
    case scalar(String, isPlain: Bool)
    case sequence([YAMLNode])
    case mapping([(key: String, value: YAMLNode)])
  }

  package let content: Content
  /// From 1.
  package let line: Int
  package let file: String

  package init(_ content: Content, line: Int, file: String) {
    self.content = content
    self.line = line
    self.file = file
  }

  /// A problem with this value: `settings.yaml: line 3: …`.
  package func fails(_ message: String, fix: String? = nil) -> Diagnostic {
    .error(.malformed, at: Location(file: file), "line \(line): \(message)", fix: fix)
  }
}

// MARK: - Typed access; each throws `.malformed` with the line

extension YAMLNode {
  package var isNull: Bool {
    if case .scalar(let text, true) = content {
      ["", "~", "null", "Null", "NULL"].contains(text)
    } else {
      false
    }
  }

  package func members() throws -> [(key: String, value: YAMLNode)] {
    if case .mapping(let members) = content { return members }
    if isNull { return [] }
    throw fails("expected keys and values, found \(kind)")
  }

  package func elements() throws -> [YAMLNode] {
    if case .sequence(let elements) = content { return elements }
    if isNull { return [] }
    throw fails("expected a list, found \(kind)")
  }

  /// The value of `key`; nil where it is missing or null.
  package func optional(_ key: String) throws -> YAMLNode? {
    try members().first { $0.key == key && !$0.value.isNull }?.value
  }

  package func string() throws -> String {
    if case .scalar(let text, _) = content, !isNull { return text }
    throw fails("expected a text, found \(kind)")
  }

  package func bool() throws -> Bool {
    if case .scalar(let text, true) = content {
      if ["true", "True", "TRUE"].contains(text) { return true }
      if ["false", "False", "FALSE"].contains(text) { return false }
    }
    throw fails("expected true or false, found \(kind)")
  }

  package func int() throws -> Int {
    if case .scalar(let text, true) = content, let value = Int(text) { return value }
    throw fails("expected a whole number, found \(kind)")
  }

  /// A finite number.
  package func double() throws -> Double {
    if case .scalar(let text, true) = content, let value = Double(text), value.isFinite {
      return value
    }
    throw fails("expected a number, found \(kind)")
  }

  /// The value in words for messages.
  private var kind: String {
    switch content {
    case .scalar(let text, _): isNull ? "nothing" : "'\(text)'"
    case .sequence: "a list"
    case .mapping: "keys and values"
    }
  }
}
