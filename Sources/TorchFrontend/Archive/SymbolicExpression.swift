// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import MIL

/// Parses the expressions of symbolic sizes: SymPy's constructor form
/// (`Add(Mul(Integer(-1), Symbol('s0')), Integer(4))`) and its plain form (`4 - s0//2`).
package struct SymbolicExpression {
  private var tokens: [Token]
  private var position = 0
  /// How many expressions the one being read lies in.
  private var depth = 0
  private let text: String

  private enum Token: Equatable {
    case name(String)
    case number(Int)
    case quoted(String)
    case symbol(Character)
    case floorDivision
    case power
  }

  /// The expression of `text`. Throws `.unsupportedArgument` for what has no meaning as an extent.
  package static func parse(_ text: String) throws -> Dim {
    var parser = SymbolicExpression(tokens: try tokenize(text), text: text)
    let value = try parser.sum()
    guard parser.position == parser.tokens.count else { throw parser.fault() }
    return value
  }

  private init(tokens: [Token], text: String) {
    self.tokens = tokens
    self.text = text
  }

  private func fault() -> Diagnostic {
    .error(
      .unsupportedArgument, "the symbolic size '\(text)' cannot be expressed",
      fix: "export with a fixed size for this dimension")
  }

  private static func tokenize(_ text: String) throws -> [Token] {
    var tokens: [Token] = []
    var rest = text.utf8[...]
    guard text.utf8.count <= 100_000 else {
      throw Diagnostic.error(.malformed, "a symbolic size of \(text.utf8.count) characters")
    }
    while let first = rest.first {
      if isSpace(first) {
        rest.removeFirst()
      } else if isDigit(first) {
        let digits = rest.prefix(while: isDigit)
        guard let value = Int(Substring(digits)) else { throw malformed(text) }
        tokens.append(.number(value))
        rest.removeFirst(digits.count)
      } else if isLetter(first) {
        let name = rest.prefix { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: ".") }
        tokens.append(.name(String(Substring(name))))
        rest.removeFirst(name.count)
      } else if first == UInt8(ascii: "'") || first == UInt8(ascii: "\"") {
        rest.removeFirst()
        guard let end = rest.firstIndex(of: first) else { throw malformed(text) }
        tokens.append(.quoted(String(Substring(rest[..<end]))))
        rest = rest[rest.index(after: end)...]
      } else if rest.starts(with: "//".utf8) {
        tokens.append(.floorDivision)
        rest.removeFirst(2)
      } else if rest.starts(with: "**".utf8) {
        tokens.append(.power)
        rest.removeFirst(2)
      } else {
        tokens.append(.symbol(Character(UnicodeScalar(first))))
        rest.removeFirst()
      }
    }
    return tokens
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (9...13).contains(byte) }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// Also the bytes of every character beyond ASCII, which a name may have.
  private static func isLetter(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte | 0x20) || byte == UInt8(ascii: "_") || byte >= 0x80
  }

  private static func malformed(_ text: String) -> Diagnostic {
    .error(.malformed, "'\(text)' is not a symbolic size")
  }

  private func peek() -> Token? { position < tokens.count ? tokens[position] : nil }

  private mutating func accept(_ token: Token) -> Bool {
    guard peek() == token else { return false }
    position += 1
    return true
  }

  private mutating func sum() throws -> Dim {
    var value = try product()
    while true {
      if accept(.symbol("+")) {
        value = value + (try product())
      } else if accept(.symbol("-")) {
        value = value - (try product())
      } else {
        return value
      }
    }
  }

  private mutating func product() throws -> Dim {
    var value = try unary()
    while true {
      if accept(.symbol("*")) {
        value = try multiplied(value, try unary())
      } else if accept(.floorDivision) {
        value = .floorDiv(value, try unary())
      } else if accept(.symbol("%")) {
        value = .mod(value, try unary())
      } else if accept(.symbol("/")) {
        value = try exactQuotient(value, try unary())
      } else {
        return value
      }
    }
  }

  private func exactQuotient(_ a: Dim, _ b: Dim) throws -> Dim {
    let quotient = Dim.floorDiv(a, b)
    guard quotient * b == a else { throw fault() }
    return quotient
  }

  /// The product, unless it would have more terms than any real size.
  private func multiplied(_ a: Dim, _ b: Dim) throws -> Dim {
    guard a.summands.count * b.summands.count <= 4096 else { throw fault() }
    return a * b
  }

  private mutating func unary() throws -> Dim {
    depth += 1
    defer { depth -= 1 }
    guard depth < 200 else { throw fault() }
    if accept(.symbol("-")) { return -(try unary()) }
    var value = try primary()
    if accept(.power) {
      value = try power(value, try unary())
    }
    return value
  }

  private func power(_ base: Dim, _ exponent: Dim) throws -> Dim {
    guard let exponent = exponent.fixed, (0...16).contains(exponent) else { throw fault() }
    return try (0..<exponent).reduce(Dim.fixed(1)) { value, _ in try multiplied(value, base) }
  }

  private mutating func primary() throws -> Dim {
    switch peek() {
    case .number(let value):
      position += 1
      return .fixed(value)
    case .symbol("("):
      position += 1
      let value = try sum()
      guard accept(.symbol(")")) else { throw fault() }
      return value
    case .name(let name):
      position += 1
      return accept(.symbol("(")) ? try call(name) : .symbol(name)
    default: throw fault()
    }
  }

  private mutating func call(_ name: String) throws -> Dim {
    if name == "Symbol" || name == "Integer", let leaf = try leaf(name) { return leaf }
    var arguments: [Dim] = []
    while !accept(.symbol(")")) {
      if skipKeyword() { continue }
      arguments.append(try sum())
      _ = accept(.symbol(","))
    }
    return try apply(name.split(separator: ".").last.map(String.init) ?? name, arguments)
  }

  /// `Symbol('s0', positive=True)` and `Integer(-1)`.
  private mutating func leaf(_ kind: String) throws -> Dim? {
    var value: Dim?
    if case .quoted(let name) = peek() {
      position += 1
      value = .symbol(name)
    } else {
      value = try sum()
    }
    while !accept(.symbol(")")) {
      guard accept(.symbol(",")) || skipKeyword() else { throw fault() }
    }
    return value
  }

  private mutating func skipKeyword() -> Bool {
    guard position + 2 < tokens.count, case .name = tokens[position],
      tokens[position + 1] == .symbol("=")
    else { return false }
    position += 3
    _ = accept(.symbol(","))
    return true
  }

  private func apply(_ name: String, _ arguments: [Dim]) throws -> Dim {
    switch (name, arguments.count) {
    case ("Add", 1...): return arguments.reduce(.fixed(0)) { $0 + $1 }
    case ("Mul", 1...): return try arguments.reduce(.fixed(1)) { try multiplied($0, $1) }
    case ("Pow", 2), ("PowByNatural", 2): return try power(arguments[0], arguments[1])
    case ("FloorDiv", 2): return .floorDiv(arguments[0], arguments[1])
    case ("CleanDiv", 2): return .floorDiv(arguments[0], arguments[1])
    case ("CeilDiv", 2): return -Dim.floorDiv(-arguments[0], arguments[1])
    case ("Mod", 2), ("PythonMod", 2): return .mod(arguments[0], arguments[1])
    case ("Max", 1...): return arguments.dropFirst().reduce(arguments[0], Dim.max)
    case ("Min", 1...): return arguments.dropFirst().reduce(arguments[0], Dim.min)
    case ("Identity", 1), ("Integer", 1): return arguments[0]
    default: throw fault()
    }
  }
}
