// SPDX-License-Identifier: Apache-2.0
package import Diagnostics

/// A value inside a JSON document together with its path, so that a wrong value is reported as
/// `signature.input_specs[3].buffer: expected a string, found null`.
package struct JSONNode: Sendable {
  package let value: JSON
  private let step: Step

  private indirect enum Step: Sendable {
    case root(Location?)
    case key(Step, String)
    case index(Step, Int)
  }

  /// The root of a document; `file` and `entry` go into diagnostics.
  package init(_ value: JSON, file: String? = nil, entry: String? = nil) {
    self.value = value
    step = .root(file == nil && entry == nil ? nil : Location(file: file, entry: entry))
  }

  private init(_ value: JSON, _ step: Step) {
    self.value = value
    self.step = step
  }

  /// The path from the root, such as `signature.input_specs[3]`; empty for the root.
  package var path: String { Self.path(step) }

  package var isNull: Bool { value == .null }

  /// The member `key`; an absent one is an error.
  package func member(_ key: String) throws(Diagnostic) -> JSONNode {
    guard let member = try object()[key] else { throw fails("the key '\(key)' is missing") }
    return JSONNode(member, .key(step, key))
  }

  /// The member `key`, or nil when it is absent or null.
  package func optional(_ key: String) throws(Diagnostic) -> JSONNode? {
    guard let member = try object()[key], member != .null else { return nil }
    return JSONNode(member, .key(step, key))
  }

  /// All members in the order of the text.
  package func members() throws(Diagnostic) -> [(key: String, node: JSONNode)] {
    try object().members.map { ($0, JSONNode($1, .key(step, $0))) }
  }

  /// All elements of an array.
  package func elements() throws(Diagnostic) -> [JSONNode] {
    guard case .array(let list) = value else { throw expected("an array") }
    return list.enumerated().map { JSONNode($1, .index(step, $0)) }
  }

  package func object() throws(Diagnostic) -> JSONObject {
    guard case .object(let object) = value else { throw expected("an object") }
    return object
  }

  package func string() throws(Diagnostic) -> String {
    guard case .string(let string) = value else { throw expected("a string") }
    return string
  }

  package func bool() throws(Diagnostic) -> Bool {
    guard case .bool(let bool) = value else { throw expected("a bool") }
    return bool
  }

  package func int() throws(Diagnostic) -> Int64 {
    guard case .int(let int) = value else { throw expected("an integer") }
    return int
  }

  /// Any number.
  package func double() throws(Diagnostic) -> Double {
    switch value {
    case .double(let double): return double
    case .int(let int): return Double(int)
    default: throw expected("a number")
    }
  }

  /// A diagnostic about this value.
  package func fails(
    _ message: String, code: Diagnostic.Code = .malformed, fix: String? = nil
  ) -> Diagnostic {
    let path = path
    return .error(
      code, at: Self.location(step), path.isEmpty ? message : "\(path): \(message)", fix: fix)
  }

  private func expected(_ what: String) -> Diagnostic {
    fails("expected \(what), found \(value.kind)")
  }

  private static func path(_ step: Step) -> String {
    switch step {
    case .root: return ""
    case .key(let parent, let key):
      let before = path(parent)
      return before.isEmpty ? key : "\(before).\(key)"
    case .index(let parent, let index): return "\(path(parent))[\(index)]"
    }
  }

  private static func location(_ step: Step) -> Location? {
    switch step {
    case .root(let location): location
    case .key(let parent, _), .index(let parent, _): location(parent)
    }
  }
}

/// Members of an object read in one go.
extension JSONNode {
  package func string(_ key: String) throws(Diagnostic) -> String { try member(key).string() }
  package func bool(_ key: String) throws(Diagnostic) -> Bool { try member(key).bool() }
  package func int(_ key: String) throws(Diagnostic) -> Int64 { try member(key).int() }
  package func double(_ key: String) throws(Diagnostic) -> Double { try member(key).double() }
  package func elements(_ key: String) throws(Diagnostic) -> [JSONNode] {
    try member(key).elements()
  }

  /// The elements of an array of integers.
  package func ints(_ key: String) throws(Diagnostic) -> [Int64] {
    var list: [Int64] = []
    for element in try elements(key) { list.append(try element.int()) }
    return list
  }
}
