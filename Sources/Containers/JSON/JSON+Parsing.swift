// SPDX-License-Identifier: Apache-2.0
import CJSON
package import Diagnostics

extension JSON {
  /// Deepest nesting of arrays and objects.
  package static let depthLimit = 256

  /// Parses one JSON text in UTF-8. `NaN`, `Infinity` and `-Infinity` are accepted as numbers.
  ///
  /// Throws `.malformed` with line and column: bad syntax, bad UTF-8, a repeated key, an integer
  /// beyond 64 bits, nesting deeper than `depthLimit`.
  package init(
    parsing text: UnsafeRawBufferPointer, file: String? = nil, entry: String? = nil
  ) throws(Diagnostic) {
    do {
      self = try JSONParser(text).parse()
    } catch {
      throw file == nil && entry == nil ? error : error.at(Location(file: file, entry: entry))
    }
  }

  package init(
    parsing text: [UInt8], file: String? = nil, entry: String? = nil
  ) throws(Diagnostic) {
    self = try text.withUnsafeBytes { buffer in
      Result { () throws(Diagnostic) in try JSON(parsing: buffer, file: file, entry: entry) }
    }.get()
  }

  package init(
    parsing text: String, file: String? = nil, entry: String? = nil
  ) throws(Diagnostic) {
    try self.init(parsing: Array(text.utf8), file: file, entry: entry)
  }
}

private struct JSONParser {
  let text: UnsafeRawBufferPointer

  init(_ text: UnsafeRawBufferPointer) { self.text = text }

  func parse() throws(Diagnostic) -> JSON {
    guard text.count < Int(Int32.max) else { throw .json("the text is 2 GiB or larger") }
    var check = JSONTextCheck(text)
    try check.run()
    guard let tokener = json_tokener_new_ex(Int32(JSON.depthLimit)) else {
      throw .json("out of memory")
    }
    defer { json_tokener_free(tokener) }
    let root = try parse(tokener)
    defer { json_object_put(root) }
    var members = 0
    let value = convert(root, &members)
    if members != check.members { throw check.repeatedKey() }
    return value
  }

  private func parse(_ tokener: UnsafeMutablePointer<json_tokener>) throws(Diagnostic)
    -> OpaquePointer?
  {
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8)
    let start = text.baseAddress?.assumingMemoryBound(to: CChar.self)
    var root = text.isEmpty ? nil : json_tokener_parse_ex(tokener, start, Int32(text.count))
    var error = text.isEmpty ? json_tokener_continue : json_tokener_get_error(tokener)
    let end = text.isEmpty ? 0 : json_tokener_get_parse_end(tokener)
    if error == json_tokener_continue {
      // Only an end of text completes a number or a literal at the top.
      root = json_tokener_parse_ex(tokener, "", 1)
      error = json_tokener_get_error(tokener)
      if error != json_tokener_success {
        throw .json(at: text.count, of: text, "the text ends early")
      }
    }
    guard error == json_tokener_success else {
      throw .json(at: end, of: text, words(error, end))
    }
    return root
  }

  private func words(_ error: json_tokener_error, _ end: Int) -> String {
    switch error {
    case json_tokener_error_depth: return "nested more than \(JSON.depthLimit) deep"
    case json_tokener_error_parse_utf8_string: return "invalid UTF-8"
    case json_tokener_error_parse_string: return "invalid escape in a string"
    case json_tokener_error_parse_object_key_name: return "expected a key in double quotes"
    case json_tokener_error_parse_object_key_sep: return "expected ':' after a key"
    case json_tokener_error_parse_object_value_sep: return "expected ',' or '}'"
    case json_tokener_error_parse_array: return "expected ',' or ']'"
    case json_tokener_error_parse_number: return "invalid number"
    case json_tokener_error_parse_null, json_tokener_error_parse_boolean: return "invalid literal"
    case json_tokener_error_parse_eof: return "the text ends early"
    default:
      guard end < text.count, (0x21...0x7e).contains(text[end]) else {
        return "unexpected character"
      }
      return "unexpected character '\(Character(UnicodeScalar(text[end])))'"
    }
  }

  /// The Swift value of a tree of json-c, counting the members of its objects.
  private func convert(_ node: OpaquePointer?, _ members: inout Int) -> JSON {
    switch json_object_get_type(node) {
    case json_type_boolean: return .bool(json_object_get_boolean(node) != 0)
    case json_type_int: return .int(json_object_get_int64(node))
    case json_type_double: return .double(json_object_get_double(node))
    case json_type_string: return .string(string(node))
    case json_type_array:
      let count = json_object_array_length(node)
      var list: [JSON] = []
      list.reserveCapacity(count)
      for index in 0..<count {
        list.append(convert(json_object_array_get_idx(node, index), &members))
      }
      return .array(list)
    case json_type_object: return .object(object(node, &members))
    default: return .null
    }
  }

  private func string(_ node: OpaquePointer?) -> String {
    guard let start = json_object_get_string(node) else { return "" }
    let bytes = UnsafeRawBufferPointer(start: start, count: Int(json_object_get_string_len(node)))
    return String(decoding: bytes, as: UTF8.self)
  }

  private func object(_ node: OpaquePointer?, _ members: inout Int) -> JSONObject {
    var object = JSONObject()
    object.reserve(Int(json_object_object_length(node)))
    var entry = json_object_get_object(node)?.pointee.head
    while let member = entry?.pointee {
      members += 1
      let value = convert(member.v.map { OpaquePointer($0) }, &members)
      let key = member.k.map { String(cString: $0.assumingMemoryBound(to: CChar.self)) } ?? ""
      object.append(key, value)
      entry = member.next
    }
    return object
  }
}

extension Diagnostic {
  /// A defect of a JSON text at a byte offset, told as line and column.
  static func json(
    at offset: Int, of text: UnsafeRawBufferPointer, _ message: String
  ) -> Diagnostic {
    let before = text[..<min(offset, text.count)]
    let line = before.reduce(1) { $1 == 0x0a ? $0 + 1 : $0 }
    let column = before.count - (before.lastIndex(of: 0x0a) ?? -1)
    return .json("line \(line), column \(column): \(message)")
  }

  fileprivate static func json(_ message: String) -> Diagnostic {
    .error(.malformed, "not valid JSON: \(message)")
  }
}
