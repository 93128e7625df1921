// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tensors

extension TextParser {
  /// A literal without a type: `5`, `0.5`, `true`, `"x"`, `[0, 1]`; `nil` where a type comes next.
  func literal() throws -> Value? {
    switch token.kind {
    case .string(let text):
      advance()
      return .string(text)
    case .word("true"), .word("false"): return .bool(advance().kind == .word("true"))
    case .number, .mark("-"), .word("inf"), .word("nan"): return number(try scalar())
    case .mark("["):
      advance()
      return try self.vector()
    default: return nil
    }
  }

  private func number(_ text: String) -> Value? {
    if let value = Int(text) { return .int(value) }
    return Double(text).map { .float($0) }
  }

  private func vector() throws -> Value {
    let place = token
    if token.kind == .word("true") || token.kind == .word("false") {
      return .bools(try list(until: "]", scalar).map { $0 == "true" })
    }
    let items = try list(until: "]", scalar)
    let ints = items.compactMap { Int($0) }
    if ints.count == items.count { return .ints(ints) }
    let floats = items.compactMap { Double($0) }
    guard floats.count == items.count else { throw fault("not a list of numbers", at: place) }
    return .floats(floats)
  }

  /// One element as text, with its sign.
  private func scalar() throws -> String {
    let sign = take("-") ? "-" : ""
    switch token.kind {
    case .number(let text):
      advance()
      return sign + text
    case .word("inf"), .word("nan"), .word("true"), .word("false"):
      guard case .word(let text) = advance().kind else { return "" }
      return sign + text
    default: throw unexpected("a number")
    }
  }

  /// A constant with its type: `int32[2] [0, 1]`, `float16[64] weights(ID)`, `float32[8] splat(1)`,
  /// `list(…)`, `tuple(…)`, `dictionary(…)`.
  func constant() throws -> Constant {
    try nested {
      let place = token
      switch place.kind {
      case .word("list"), .word("tuple"), .word("dictionary"): return try collection()
      default: break
      }
      let name = try word("a constant with its type")
      let type = try tensorType(name, at: place)
      guard let shape = type.fixedShape, let count = elementCount(shape) else {
        throw fault("the type \(type) of a constant must be fixed and fit in memory", at: place)
      }
      if type.dtype == .string { return try strings(shape, count) }
      if takeWord("weights") { return try elided(type.dtype, shape) }
      guard count <= 1 << 24 else { throw fault("\(count) elements are too many", at: place) }
      return .numbers(try tensor(type.dtype, shape, count))
    }
  }

  private func collection() throws -> Constant {
    let declared: ValueType? = isMark("<", peek()) ? try type() : nil
    var kind = ""
    switch declared {
    case .list: kind = "list"
    case .tuple: kind = "tuple"
    case .dictionary: kind = "dictionary"
    default: kind = try word("a collection")
    }
    try expect("(")
    var constant: Constant
    switch kind {
    case "list": constant = Constant(.list(try list(until: ")", self.constant)))
    case "tuple": constant = Constant(.tuple(try list(until: ")", self.constant)))
    default:
      constant = Constant(
        .dictionary(
          try list(until: ")") {
            let key = try self.constant()
            try expect(":")
            return (key, try self.constant())
          }))
    }
    constant.declaredType = declared
    return constant
  }

  private func strings(_ shape: [Int], _ count: Int) throws -> Constant {
    let place = token
    let values =
      take("[")
      ? try list(until: "]") { try string("text in quotes") } : [try string("text in quotes")]
    guard values.count == count else {
      throw fault("\(values.count) strings for a shape of \(count)", at: place)
    }
    return Constant(.strings(values, shape: shape))
  }

  private func elided(_ dtype: DType, _ shape: [Int]) throws -> Constant {
    var id = ""
    if take("(") {
      switch token.kind {
      case .word(let text), .string(let text), .number(let text):
        id = text
        advance()
      default: throw unexpected("the name of the weights")
      }
      try expect(")")
    }
    return Constant(weights(id, dtype, shape) ?? ElidedSource(dtype, shape: shape, id: id))
  }

  private func tensor(_ dtype: DType, _ shape: [Int], _ count: Int) throws -> TensorData {
    let place = token
    if takeWord("bytes") {
      try expect("(")
      let bytes = hexadecimal(try string("bytes in hexadecimal"))
      try expect(")")
      return try placed(at: place) { try TensorData(dtype: dtype, shape: shape, bytes: bytes) }
    }
    var items: [String]
    if takeWord("splat") {
      try expect("(")
      items = Array(repeating: try scalar(), count: count)
      try expect(")")
    } else {
      items = take("[") ? try list(until: "]", scalar) : [try scalar()]
    }
    guard items.count == count else {
      throw fault("\(items.count) elements for a shape of \(count)", at: place)
    }
    return try placed(at: place) { try TensorData(literals: items, dtype, shape) }
  }

  private func placed<Result>(at place: Token, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let diagnostic as Diagnostic {
      throw fault(diagnostic.message, at: place)
    }
  }

  private func hexadecimal(_ text: String) -> [UInt8] {
    let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    return stride(from: 0, to: digits.count - 1, by: 2).map {
      UInt8(digits[$0] * 16 + digits[$0 + 1])
    }
  }
}
