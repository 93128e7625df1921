// SPDX-License-Identifier: Apache-2.0
import CJSON

extension JSON {
  /// How `text(_:)` lays out a value.
  package enum Layout: Sendable {
    /// On one line, without spaces.
    case compact
    /// One value per line, indented by two spaces, with a final newline.
    case pretty
  }

  /// The JSON text: keys sorted by their bytes, numbers in the shortest form that reads back the
  /// same, so that equal values give equal bytes.
  package func text(_ layout: Layout) -> String {
    let root = node()
    defer { json_object_put(root) }
    let style =
      layout == .pretty
      ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED : JSON_C_TO_STRING_PLAIN
    guard let text = json_object_to_json_string_ext(root, style | JSON_C_TO_STRING_NOSLASHESCAPE)
    else { return "null" }
    return String(cString: text) + (layout == .pretty ? "\n" : "")
  }

  /// A tree of json-c, owned by the caller; nil is null.
  private func node() -> OpaquePointer? {
    switch self {
    case .null: return nil
    case .bool(let value): return json_object_new_boolean(value ? 1 : 0)
    case .int(let value): return json_object_new_int64(value)
    case .double(let value): return json_object_new_double_s(value, Self.spelling(value))
    case .string(let value): return Self.node(value)
    case .array(let list):
      let node = json_object_new_array()
      for element in list { json_object_array_add(node, element.node()) }
      return node
    case .object(let object):
      let node = json_object_new_object()
      let sorted = object.members.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
      for (key, value) in sorted { json_object_object_add(node, key, value.node()) }
      return node
    }
  }

  private static func node(_ string: String) -> OpaquePointer? {
    var string = string
    return string.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { chars in
        guard let start = chars.baseAddress, let count = Int32(exactly: chars.count) else {
          return json_object_new_string("")
        }
        return json_object_new_string_len(start, count)
      }
    }
  }

  private static func spelling(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
    return "\(value)"
  }
}
