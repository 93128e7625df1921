// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// A piece of MIL's text form and where it starts.
struct Token {
  enum Kind: Hashable {
    /// A name, keyword or type: letters, digits, `_`, `.`.
    case word(String)
    /// `%name`.
    case value(String)
    /// The text of a number without its sign.
    case number(String)
    case string(String)
    /// A symbol in backquotes.
    case symbol(String)
    case mark(String)
    case end
  }

  var kind: Kind
  var line: Int
  var column: Int

  /// As an error message shows it.
  var description: String {
    switch kind {
    case .word(let text), .number(let text), .mark(let text): "'\(text)'"
    case .value(let name): "'%\(name)'"
    case .string(let text): TextPrinter.quoted(text)
    case .symbol(let name): "'`\(name)`'"
    case .end: "the end of the text"
    }
  }
}

/// Cuts MIL's text form into tokens. Positions count bytes from 1.
struct Lexer {
  private let bytes: [UInt8]
  private var position = 0
  private var line = 1
  private var lineStart = 0

  init(_ text: String) {
    bytes = Array(text.utf8)
  }

  static func tokens(_ text: String) throws -> [Token] {
    var lexer = Lexer(text)
    var tokens: [Token] = []
    while let token = try lexer.next() { tokens.append(token) }
    tokens.append(Token(kind: .end, line: lexer.line, column: lexer.column))
    return tokens
  }

  private var column: Int { position - lineStart + 1 }

  private func peek(_ ahead: Int = 0) -> UInt8? {
    position + ahead < bytes.count ? bytes[position + ahead] : nil
  }

  static func isWordByte(_ c: UInt8) -> Bool { isLetter(c) || isDigit(c) || c == UInt8(ascii: ".") }

  private static func isLetter(_ c: UInt8) -> Bool {
    (97...122).contains(c | 32) || c == UInt8(ascii: "_")
  }

  private static func isDigit(_ c: UInt8) -> Bool { (48...57).contains(c) }

  private mutating func next() throws -> Token? {
    skipBlanks()
    guard let first = peek() else { return nil }
    let (line, column) = (line, column)
    return Token(kind: try kind(first), line: line, column: column)
  }

  private mutating func skipBlanks() {
    while let c = peek() {
      if c == UInt8(ascii: "\n") {
        position += 1
        line += 1
        lineStart = position
      } else if c == UInt8(ascii: " ") || c == UInt8(ascii: "\t") || c == UInt8(ascii: "\r") {
        position += 1
      } else if c == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "/") {
        while peek().map({ $0 != UInt8(ascii: "\n") }) ?? false { position += 1 }
      } else {
        return
      }
    }
  }

  private mutating func kind(_ first: UInt8) throws -> Token.Kind {
    switch first {
    case UInt8(ascii: "\""): return .string(try quoted(by: first))
    case UInt8(ascii: "`"): return .symbol(try quoted(by: first))
    case UInt8(ascii: "%"):
      position += 1
      if peek() == UInt8(ascii: "\"") { return .value(try quoted(by: UInt8(ascii: "\""))) }
      let name = take(while: Self.isWordByte)
      if name.isEmpty { throw fault("'%' without a name") }
      return .value(name)
    default: break
    }
    if Self.isLetter(first) { return .word(take(while: Self.isWordByte)) }
    if Self.isDigit(first) { return .number(number()) }
    if first == UInt8(ascii: "."), peek(1) == first, peek(2) == first {
      position += 3
      return .mark("...")
    }
    guard "(){}[]<>:,=@+-*?".utf8.contains(first) else {
      let scalar = first < 128 ? "'\(Character(Unicode.Scalar(first)))'" : "a character"
      throw fault("\(scalar) has no meaning here")
    }
    position += 1
    return .mark(String(Unicode.Scalar(first)))
  }

  private mutating func take(while condition: (UInt8) -> Bool) -> String {
    let start = position
    while let c = peek(), condition(c) { position += 1 }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  /// Digits, a fraction and an exponent; a `.` without a digit after it is not part of it.
  private mutating func number() -> String {
    var text = take(while: Self.isDigit)
    if peek() == UInt8(ascii: "."), peek(1).map(Self.isDigit) ?? false {
      position += 1
      text += "." + take(while: Self.isDigit)
    }
    if let c = peek(), c | 32 == UInt8(ascii: "e") {
      let sign = peek(1).map { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") } ?? false
      if peek(sign ? 2 : 1).map(Self.isDigit) ?? false {
        text += "e" + (sign && peek(1) == UInt8(ascii: "-") ? "-" : "")
        position += sign ? 2 : 1
        text += take(while: Self.isDigit)
      }
    }
    return text
  }

  private mutating func quoted(by quote: UInt8) throws -> String {
    let start = fault("the text in quotes does not end on its line")
    position += 1
    var content: [UInt8] = []
    while let c = peek() {
      position += 1
      if c == quote { return String(decoding: content, as: UTF8.self) }
      if c == UInt8(ascii: "\n") { throw start }
      if c == UInt8(ascii: "\\") { content += try escape() } else { content.append(c) }
    }
    throw start
  }

  private mutating func escape() throws -> [UInt8] {
    guard let c = peek() else { throw fault("the text ends after '\\'") }
    position += 1
    switch c {
    case UInt8(ascii: "n"): return [10]
    case UInt8(ascii: "t"): return [9]
    case UInt8(ascii: "r"): return [13]
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "`"): return [c]
    case UInt8(ascii: "u"):
      guard peek() == UInt8(ascii: "{") else { throw fault("'\\u' needs '{'") }
      position += 1
      let digits = take { $0 != UInt8(ascii: "}") && Self.isWordByte($0) }
      guard peek() == UInt8(ascii: "}"), let code = UInt32(digits, radix: 16),
        let scalar = Unicode.Scalar(code)
      else { throw fault("'\\u{\(digits)' is no character") }
      position += 1
      return Array(String(Character(scalar)).utf8)
    default: throw fault("'\\' must be followed by one of n t r u \" \\ `")
    }
  }

  private func fault(_ message: String) -> Diagnostic {
    .error(.malformed, "line \(line), column \(column): \(message)")
  }
}
