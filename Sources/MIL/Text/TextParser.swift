// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import Tensors

extension Program {
  /// Gives the source behind `weights(ID)` of a dtype and shape; `nil` leaves it elided.
  package typealias WeightLookup = (String, DType, [Int]) -> (any WeightSource)?

  /// Reads MIL's text form. Types of results may be left out: the catalogue infers them then.
  /// Throws a `Diagnostic` with line and column for text that is not of the form.
  package init(
    text: String, catalogue: Catalogue = .standard,
    weights: @escaping WeightLookup = { _, _, _ in nil }
  ) throws {
    let parser = TextParser(tokens: try Lexer.tokens(text), catalogue: catalogue, weights: weights)
    self = try parser.program()
  }
}

/// Reads MIL's text form by recursive descent.
final class TextParser {
  private let tokens: [Token]
  private var position = 0
  let catalogue: Catalogue
  let weights: Program.WeightLookup

  /// The function being read.
  var function = Function(name: "", opset: .iOS15)
  var scope = SymbolScope()
  /// The values that can be named here: those of each open block, the innermost last.
  var names: [[String: ValueID]] = []
  /// The arguments of blocks, which the blocks of one loop may share.
  private var arguments: [String: ValueID] = [:]
  private var depth = 0

  init(tokens: [Token], catalogue: Catalogue, weights: @escaping Program.WeightLookup) {
    self.tokens = tokens
    self.catalogue = catalogue
    self.weights = weights
  }

  // MARK: Tokens

  var token: Token { tokens[position] }

  func peek(_ ahead: Int = 1) -> Token { tokens[min(position + ahead, tokens.count - 1)] }

  @discardableResult
  func advance() -> Token {
    let current = token
    if position < tokens.count - 1 { position += 1 }
    return current
  }

  func isMark(_ mark: String, _ other: Token? = nil) -> Bool {
    (other ?? token).kind == .mark(mark)
  }

  /// Consumes `mark` if it comes next.
  func take(_ mark: String) -> Bool {
    guard isMark(mark) else { return false }
    advance()
    return true
  }

  func takeWord(_ word: String) -> Bool {
    guard token.kind == .word(word) else { return false }
    advance()
    return true
  }

  func expect(_ mark: String) throws {
    if !take(mark) { throw unexpected("'\(mark)'") }
  }

  func expectWord(_ word: String) throws {
    if !takeWord(word) { throw unexpected("'\(word)'") }
  }

  /// A name, bare or in quotes.
  func word(_ what: String) throws -> String {
    switch token.kind {
    case .word(let text), .string(let text):
      advance()
      return text
    default: throw unexpected(what)
    }
  }

  func string(_ what: String) throws -> String {
    guard case .string(let text) = token.kind else { throw unexpected(what) }
    advance()
    return text
  }

  func unexpected(_ what: String) -> Diagnostic {
    fault("expected \(what), found \(token.description)")
  }

  func fault(_ message: String, at place: Token? = nil) -> Diagnostic {
    let place = place ?? token
    return .error(.malformed, "line \(place.line), column \(place.column): \(message)")
  }

  /// Items separated by commas up to `close`, which is consumed.
  func list<Item>(until close: String, _ item: () throws -> Item) throws -> [Item] {
    var items: [Item] = []
    if take(close) { return items }
    repeat { items.append(try item()) } while take(",")
    try expect(close)
    return items
  }

  /// Guards the stack against text nested without end.
  func nested<Result>(_ body: () throws -> Result) throws -> Result {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 100 else { throw fault("nested more than 100 deep") }
    return try body()
  }

  // MARK: Values

  /// The value of a name that is defined above.
  func value() throws -> ValueID {
    guard case .value(let name) = token.kind else { throw unexpected("a value") }
    for scope in names.reversed() {
      if let id = scope[name] {
        advance()
        return id
      }
    }
    throw fault("'%\(name)' is not defined here")
  }

  /// The name of a value that is about to be defined.
  func newName() throws -> (name: String, place: Token) {
    guard case .value(let name) = token.kind else { throw unexpected("a value") }
    return (name, advance())
  }

  func define(_ name: String, _ info: ValueInfo, at place: Token) throws -> ValueID {
    guard !function.values.isTaken(name) else {
      throw fault("'%\(name)' is defined twice", at: place)
    }
    let id = function.values.add(info)
    names[names.count - 1][name] = id
    return id
  }

  /// The argument of a block. A loop's condition and body may name theirs alike: one value.
  func defineArgument(_ name: String, _ type: ValueType, at place: Token) throws -> ValueID {
    if let id = arguments[name], function.values[id].type == type,
      !names.contains(where: { $0[name] != nil })
    {
      names[names.count - 1][name] = id
      return id
    }
    let id = try define(name, ValueInfo(name: name, type: type), at: place)
    if names.count > 1 { arguments[name] = id }
    return id
  }

  /// Forgets the function read before.
  func reset(_ function: Function) {
    self.function = function
    scope = SymbolScope()
    names = [[:]]
    arguments = [:]
  }
}
