// SPDX-License-Identifier: Apache-2.0
import Tensors

extension TextParser {
  /// Functions to the end of the text.
  func program() throws -> Program {
    var program = Program()
    if takeWord("program") { program.attributes = try attributes() }
    while token.kind != .end {
      let place = peek()
      let function = try readFunction()
      guard program.function(function.name) == nil else {
        throw fault("function '\(function.name)' is defined twice", at: place)
      }
      program.functions.append(function)
    }
    return program
  }

  private func readFunction() throws -> Function {
    try expectWord("func")
    reset(Function(name: try word("the name of the function"), opset: .iOS15))
    try expect("(")
    function.inputs = try parameters()
    try expectWord("opset")
    let place = token
    let identifier = try word("an opset")
    guard let opset = Opset(identifier: identifier) else {
      let known = Opset.allCases.map(\.identifier).joined(separator: ", ")
      throw fault("no opset '\(identifier)'; there are \(known)", at: place)
    }
    function.opset = opset
    if takeWord("where") {
      repeat { try symbol() } while take(",")
    }
    if isAttributes() { function.attributes = try attributes() }
    function.body = try body()
    while takeWord("specialization") {
      let name = try word("an opset")
      function.specializations[name] = try block()
    }
    function.symbols = scope.symbols
    return function
  }

  /// `%x: TYPE, …` up to the closing parenthesis.
  private func parameters() throws -> [ValueID] {
    try list(until: ")") {
      let (name, place) = try newName()
      try expect(":")
      return try defineArgument(name, try type(), at: place)
    }
  }

  /// `T in 1...512 of {1, 512} example 64`.
  private func symbol() throws {
    let name: String
    switch token.kind {
    case .word(let text), .symbol(let text): name = text
    default: throw unexpected("a symbol")
    }
    let place = advance()
    try expectWord("in")
    var entry = SymbolTable.Entry()
    if isMark("{") {
      entry.allowed = try extents()
      entry.lower = entry.allowed?.min() ?? 0
      entry.upper = entry.allowed?.max()
    } else {
      entry.lower = try extent()
      try expect("...")
      if case .number = token.kind { entry.upper = try extent() }
      if takeWord("of") { entry.allowed = try extents() }
    }
    if takeWord("example") { entry.example = try extent() }
    guard scope.symbols[name] == nil else { throw fault("'\(name)' is listed twice", at: place) }
    if let upper = entry.upper, upper < entry.lower {
      throw fault("the range of '\(name)' is empty", at: place)
    }
    scope.symbols[name] = entry
  }

  private func extents() throws -> [Int] {
    try expect("{")
    return try list(until: "}", extent)
  }

  private func extent() throws -> Int {
    let isNegative = take("-")
    guard case .number(let text) = token.kind else { throw unexpected("a number") }
    guard let value = Int(isNegative ? "-" + text : text) else {
      throw fault("'\(text)' is not an integer")
    }
    advance()
    return value
  }

  // MARK: Blocks

  /// A nested block: its arguments and attributes, if any, and its body.
  func block() throws -> Block {
    try nested {
      names.append([:])
      defer { names.removeLast() }
      var inputs: [ValueID] = []
      var attributes: [Attribute] = []
      if take("(") {
        inputs = try parameters()
        if isAttributes() { attributes = try self.attributes() }
      }
      var block = try body()
      block.inputs = inputs
      block.attributes = attributes
      return block
    }
  }

  /// Operations in braces, up to `return`.
  private func body() throws -> Block {
    var block = Block()
    try expect("{")
    while !takeWord("return") {
      for operation in try operation() { block.operations.append(operation) }
    }
    if !isMark("}") {
      repeat { block.outputs.append(try value()) } while take(",")
    }
    try expect("}")
    return block
  }

  /// Whether `{` opens attributes rather than a block.
  func isAttributes() -> Bool {
    guard isMark("{") else { return false }
    switch peek().kind {
    case .word, .string: return isMark("=", peek(2))
    case .mark("}"): return true
    default: return false
    }
  }

  /// `{name = CONSTANT, …}`.
  func attributes() throws -> [Attribute] {
    try expect("{")
    return try list(until: "}") {
      let name = try word("the name of an attribute")
      try expect("=")
      return Attribute(name, try constant())
    }
  }
}
