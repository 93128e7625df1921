// SPDX-License-Identifier: Apache-2.0
import Containers
import TestSupport

/// Holds documents against `Schemas/*.schema.json`, in as much of JSON Schema as those use.
struct SchemaCheck {
  private let root: JSON
  private(set) var problems: [String] = []

  /// The problems of the document `text` with the schema `name`; a keyword that is not known here
  /// is a problem too.
  static func problems(_ text: String, _ name: String) -> [String] {
    do {
      return problems(try parse(Array(text.utf8)), name)
    } catch {
      return ["\(error)"]
    }
  }

  static func problems(_ document: JSON, _ name: String) -> [String] {
    do {
      var check = SchemaCheck(root: try schema(name))
      check.check(document, check.root, "")
      return check.problems
    } catch {
      return ["\(error)"]
    }
  }

  static func schema(_ name: String) throws -> JSON {
    try parse(ScratchFolder.read("\(Fixture.root)/Schemas/\(name).schema.json"))
  }

  static func parse(_ bytes: [UInt8]) throws -> JSON {
    try bytes.withUnsafeBytes { try JSON(parsing: $0) }
  }

  private init(root: JSON) { self.root = root }

  private mutating func check(_ value: JSON, _ schema: JSON, _ path: String) {
    guard case .object(let rules) = schema else {
      if schema == .bool(false) { problems.append("\(path): not allowed") }
      return
    }
    for (keyword, rule) in rules.members { apply(keyword, rule, rules, value, path) }
  }

  private mutating func apply(
    _ keyword: String, _ rule: JSON, _ rules: JSONObject, _ value: JSON, _ path: String
  ) {
    switch keyword {
    case "$schema", "title", "description", "$defs": break
    case "$ref": check(value, definition(rule), path)
    case "type": checkType(value, rule, path)
    case "enum":
      if case .array(let allowed) = rule, !allowed.contains(value) {
        problems.append("\(path): \(value) is not in the list")
      }
    case "required": checkRequired(value, rule, path)
    case "properties": checkProperties(value, rule, rules, path)
    case "additionalProperties": if rules["properties"] == nil { checkMembers(value, rule, path) }
    case "items", "prefixItems": checkItems(value, rules, path, keyword)
    case "minItems", "maxItems", "minimum", "maximum": checkBound(value, keyword, rule, path)
    case "anyOf": checkAlternatives(value, rule, path)
    case "pattern": checkPattern(value, rule, path)
    default: problems.append("\(path): the keyword \(keyword) is not known to this check")
    }
  }

  private mutating func checkAlternatives(_ value: JSON, _ rule: JSON, _ path: String) {
    guard case .array(let schemas) = rule else { return }
    var found: [String] = []
    for schema in schemas {
      var other = SchemaCheck(root: root)
      other.check(value, schema, path)
      if other.problems.isEmpty { return }
      found += other.problems
    }
    problems += found
  }

  private mutating func checkPattern(_ value: JSON, _ rule: JSON, _ path: String) {
    guard case .string(let text) = value, case .string(let pattern) = rule else { return }
    guard let expression = try? Regex(pattern), text.firstMatch(of: expression) != nil else {
      problems.append("\(path): '\(text)' does not match \(pattern)")
      return
    }
  }

  private func definition(_ rule: JSON) -> JSON {
    guard case .string(let text) = rule, case .object(let object) = root,
      case .object(let definitions) = object["$defs"]
    else { return .bool(false) }
    return definitions[String(text.dropFirst("#/$defs/".count))] ?? .bool(false)
  }

  private mutating func checkType(_ value: JSON, _ rule: JSON, _ path: String) {
    let allowed: [JSON] = if case .array(let list) = rule { list } else { [rule] }
    let fits = allowed.contains { type in
      switch (type, value) {
      case ("object", .object), ("array", .array), ("string", .string), ("integer", .int),
        ("number", .int), ("number", .double), ("boolean", .bool), ("null", .null):
        true
      default: false
      }
    }
    if !fits { problems.append("\(path): is \(value.kind), not \(rule)") }
  }

  private mutating func checkRequired(_ value: JSON, _ rule: JSON, _ path: String) {
    guard case .object(let object) = value, case .array(let keys) = rule else { return }
    for case .string(let key) in keys where object[key] == nil {
      problems.append("\(path): '\(key)' is missing")
    }
  }

  private mutating func checkProperties(
    _ value: JSON, _ rule: JSON, _ rules: JSONObject, _ path: String
  ) {
    guard case .object(let object) = value, case .object(let properties) = rule else { return }
    for (key, member) in object.members {
      if let schema = properties[key] {
        check(member, schema, "\(path).\(key)")
      } else if let schema = rules["additionalProperties"] {
        check(member, schema, "\(path).\(key)")
      }
    }
  }

  private mutating func checkMembers(_ value: JSON, _ rule: JSON, _ path: String) {
    guard case .object(let object) = value else { return }
    for (key, member) in object.members { check(member, rule, "\(path).\(key)") }
  }

  private mutating func checkItems(
    _ value: JSON, _ rules: JSONObject, _ path: String, _ keyword: String
  ) {
    guard case .array(let items) = value else { return }
    var first: [JSON] = []
    if case .array(let list)? = rules["prefixItems"] { first = list }
    for (index, item) in items.enumerated() {
      if keyword == "prefixItems", index < first.count {
        check(item, first[index], "\(path)[\(index)]")
      } else if keyword == "items", index >= first.count, let rest = rules["items"] {
        check(item, rest, "\(path)[\(index)]")
      }
    }
  }

  private mutating func checkBound(
    _ value: JSON, _ keyword: String, _ rule: JSON, _ path: String
  ) {
    guard case .int(let bound) = rule else { return }
    switch (keyword, value) {
    case ("minItems", .array(let items)) where items.count < bound,
      ("maxItems", .array(let items)) where items.count > bound:
      problems.append("\(path): has \(items.count) items")
    case ("minimum", .int(let number)) where number < bound,
      ("maximum", .int(let number)) where number > bound:
      problems.append("\(path): is \(number)")
    case ("minimum", .double(let number)) where !(number >= Double(bound)),
      ("maximum", .double(let number)) where !(number <= Double(bound)):
      problems.append("\(path): is \(number)")
    default: break
    }
  }
}
