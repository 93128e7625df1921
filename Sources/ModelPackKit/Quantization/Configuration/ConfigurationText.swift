// SPDX-License-Identifier: Apache-2.0

/// What is written to a configuration file.
indirect enum ConfigurationText {
  /// One value, spelled as in the file.
  case value(String)
  /// One line for each.
  case list([ConfigurationText])
  /// Numbers, several in a line.
  case row([String])
  case keys([(key: String, value: ConfigurationText)])

  static func text(_ text: String) -> ConfigurationText { .value(quoted(text)) }
  static func int(_ value: Int) -> ConfigurationText { .value(String(value)) }
  static func number(_ value: Double) -> ConfigurationText { .value(spelled("\(value)")) }

  static func texts(_ texts: [String]) -> ConfigurationText {
    .list(texts.map { .text($0) })
  }

  static func row(_ numbers: [Float]) -> ConfigurationText {
    .row(numbers.map { spelled("\($0)") })
  }
}

// MARK: - Spelling

extension ConfigurationText {
  /// YAML has a dot in every number with an exponent.
  private static func spelled(_ number: String) -> String {
    guard let exponent = number.firstIndex(of: "e"), !number.contains(".") else { return number }
    return "\(number[..<exponent]).0\(number[exponent...])"
  }

  /// Words that some reader of YAML takes for something other than a text.
  private static let reserved: Set<String> = [
    "true", "false", "null", "yes", "no", "on", "off", "y", "n",
  ]

  private static func quoted(_ text: String) -> String {
    isPlain(text)
      ? text : "\"" + text.unicodeScalars.map { escaped($0) }.joined() + "\""
  }

  /// Whether `text` means itself, in any place and to any reader.
  private static func isPlain(_ text: String) -> Bool {
    guard let first = text.utf8.first, isLetter(first) || first == 0x2f,
      !reserved.contains(text.lowercased())
    else { return false }
    return text.utf8.allSatisfy { byte in
      isLetter(byte) || (0x30...0x39).contains(byte) || "-./".utf8.contains(byte)
    }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || byte == 0x5f
  }

  private static func escaped(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\"": return "\\\""
    case "\\": return "\\\\"
    case "\n": return "\\n"
    case "\t": return "\\t"
    default: break
    }
    if isPrintable(scalar) { return String(Character(scalar)) }
    let digits = String(scalar.value, radix: 16)
    return (scalar.value > 0xffff ? "\\U" : "\\u")
      + String(repeating: "0", count: (scalar.value > 0xffff ? 8 : 4) - digits.count) + digits
  }

  /// Whether YAML lets `scalar` stand as it is, and in one line.
  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x2028, 0x2029, 0xfeff: false
    case 0x20...0x7e, 0xa0...0xfffd, 0x10000...0x10ffff: true
    default: false
    }
  }

  /// Lines of comments; what YAML does not let stand becomes a space.
  static func comment(_ lines: [String]) -> String {
    lines.flatMap { $0.split(separator: "\n", omittingEmptySubsequences: false) }
      .map { line in
        let text = line.unicodeScalars.map { isPrintable($0) ? String(Character($0)) : " " }
        return line.isEmpty ? "#\n" : "# " + text.joined() + "\n"
      }.joined()
  }
}

// MARK: - Lines

extension ConfigurationText {
  /// The lines of a file.
  var lines: [String] {
    switch self {
    case .value(let text): [text]
    case .row(let numbers): Self.wrapped(numbers)
    case .list(let elements):
      elements.flatMap { element in
        element.lines.enumerated().map { ($0.offset == 0 ? "- " : "  ") + $0.element }
      }
    case .keys(let members): members.flatMap { Self.lines($0.key, $0.value) }
    }
  }

  private static func lines(_ key: String, _ value: ConfigurationText) -> [String] {
    if case .value(let text) = value { return ["\(key): \(text)"] }
    return ["\(key):"] + value.lines.map { "  " + $0 }
  }

  private static func wrapped(_ numbers: [String]) -> [String] {
    let width = 8
    return stride(from: 0, to: numbers.count, by: width).map { start in
      let end = min(start + width, numbers.count)
      return (start == 0 ? "[" : " ") + numbers[start..<end].joined(separator: ", ")
        + (end == numbers.count ? "]" : ",")
    }
  }
}
