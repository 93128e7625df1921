// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics

/// Reads the part of YAML that settings need: mappings and sequences by indentation, sequences in
/// brackets, quoted and plain scalars, comments. Everything else is refused with its line.
struct YAML {
  private struct Line {
    var number: Int
    var indent: Int
    var text: Substring
  }

  private let file: String
  private var lines: [Line] = []
  private var next = 0

  /// The document as a JSON value. Throws `.malformed` with the line that is wrong.
  static func parse(_ text: String, file: String) throws -> JSON {
    var parser = YAML(file: file)
    try parser.split(text)
    if parser.lines.isEmpty { return .object(JSONObject()) }
    let value = try parser.block(indent: parser.lines[0].indent, depth: 0)
    if parser.next < parser.lines.count {
      throw parser.bad("is indented differently from what it belongs to")
    }
    return value
  }

  private init(file: String) { self.file = file }

  private mutating func split(_ text: String) throws {
    for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      var line = raw.hasSuffix("\r") ? raw.dropLast() : raw
      line = Self.withoutComment(line)
      let indent = line.prefix { $0 == " " }.count
      let content = line.dropFirst(indent)
      if content.allSatisfy(\.isWhitespace) || content == "---" && lines.isEmpty { continue }
      lines.append(Line(number: index + 1, indent: indent, text: content))
      if content.hasPrefix("\t") {
        next = lines.count - 1
        throw bad("is indented with a tab; use spaces")
      }
    }
  }

  /// A `#` begins a comment at the start of a line or after a space, outside quotes.
  private static func withoutComment(_ line: Substring) -> Substring {
    var quote: Character?
    var before: Character = " "
    for index in line.indices {
      let character = line[index]
      if let open = quote {
        if character == open { quote = nil }
      } else if (character == "'" || character == "\"") && " [,:-".contains(before) {
        quote = character
      } else if character == "#" && before.isWhitespace {
        return line[..<index]
      }
      before = character
    }
    return line
  }

  // MARK: Blocks

  private mutating func block(indent: Int, depth: Int) throws -> JSON {
    guard depth < 32 else { throw bad("is nested too deeply") }
    return lines[next].text.isItem
      ? try sequence(indent, depth) : try mapping(indent, depth)
  }

  private mutating func sequence(_ indent: Int, _ depth: Int) throws -> JSON {
    var items: [JSON] = []
    while next < lines.count, lines[next].indent == indent, lines[next].text.isItem {
      let rest = lines[next].text.dropFirst(1)
      let content = rest.drop { $0 == " " }
      if content.isEmpty {
        next += 1
        items.append(try nested(deeperThan: indent, depth))
      } else if let key = key(in: content), !key.isEmpty {
        // The rest of the line is the first line of a mapping.
        lines[next].indent = indent + 1 + rest.count - content.count
        lines[next].text = content
        items.append(try block(indent: lines[next].indent, depth: depth + 1))
      } else {
        items.append(try scalar(content.trimmed))
        next += 1
      }
    }
    return .array(items)
  }

  private mutating func mapping(_ indent: Int, _ depth: Int) throws -> JSON {
    var object = JSONObject()
    while next < lines.count, lines[next].indent == indent, !lines[next].text.isItem {
      let text = lines[next].text
      guard let name = key(in: text) else { throw bad("has no 'key: value'") }
      let value = text.dropFirst(name.count + 1).trimmed
      guard object[name.unquoted] == nil else { throw bad("repeats the key '\(name)'") }
      if value.isEmpty {
        next += 1
        object[name.unquoted] = try nested(deeperThan: indent, depth, allowsSequence: true)
      } else {
        object[name.unquoted] = try scalar(value)
        next += 1
      }
    }
    return .object(object)
  }

  /// The value on the lines below a key or a dash; null where there is none.
  private mutating func nested(
    deeperThan indent: Int, _ depth: Int, allowsSequence: Bool = false
  ) throws -> JSON {
    guard next < lines.count else { return .null }
    let line = lines[next]
    if line.indent > indent || allowsSequence && line.indent == indent && line.text.isItem {
      return try block(indent: line.indent, depth: depth + 1)
    }
    return .null
  }

  private func key(in text: Substring) -> String? {
    guard let first = text.first, first != "[", first != "{" else { return nil }
    guard
      let colon = text.indices.first(where: { index in
        guard text[index] == ":" else { return false }
        let after = text.index(after: index)
        return after == text.endIndex || text[after] == " "
      })
    else { return nil }
    return String(text[..<colon])
  }

  // MARK: Scalars

  private func scalar(_ text: Substring) throws -> JSON {
    if text.hasPrefix("[") { return try flow(text) }
    if let first = text.first, "&*!|>{%@`".contains(first), !(first == "*" && text.count > 1) {
      throw bad("uses '\(first)', a part of YAML that is not read here")
    }
    if let quoted = text.quoted { return .string(String(quoted)) }
    switch text {
    case "true", "True": return .bool(true)
    case "false", "False": return .bool(false)
    case "null", "~", "": return .null
    default: return Int64(text).map { .int($0) } ?? .string(String(text))
    }
  }

  private func flow(_ text: Substring) throws -> JSON {
    guard text.hasSuffix("]") else { throw bad("has a '[' without its ']' on the same line") }
    var items: [JSON] = []
    var item = ""
    var quote: Character?
    for character in text.dropFirst().dropLast() {
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "'" || character == "\"" {
        quote = character
      } else if character == "[" || character == "{" {
        throw bad("has brackets in brackets")
      } else if character == "," {
        items.append(try scalar(item[...].trimmed))
        item = ""
        continue
      }
      item.append(character)
    }
    if quote != nil { throw bad("has a quote that is not closed") }
    if !item[...].trimmed.isEmpty { items.append(try scalar(item[...].trimmed)) }
    return .array(items)
  }

  private func bad(_ message: String) -> Diagnostic {
    let number = next < lines.count ? lines[next].number : lines.last?.number ?? 0
    return .error(.malformed, at: Location(file: file), "line \(number) \(message)")
  }
}

extension Substring {
  fileprivate var isItem: Bool { self == "-" || hasPrefix("- ") }

  fileprivate var trimmed: Substring {
    var text = drop { $0.isWhitespace }
    while text.last?.isWhitespace ?? false { text = text.dropLast() }
    return text
  }

  fileprivate var quoted: Substring? {
    guard count >= 2, let first, first == "'" || first == "\"", last == first else { return nil }
    return dropFirst().dropLast()
  }
}

extension String {
  fileprivate var unquoted: String { self[...].quoted.map(String.init) ?? self }
}
