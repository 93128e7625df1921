// SPDX-License-Identifier: Apache-2.0
import Tensors

extension TextParser {
  /// `float16[1, T]`, `state<…>`, `list<…, 3>`, `tuple<…>`, `dictionary<…, …>`.
  func type() throws -> ValueType {
    try nested {
      let place = token
      let name = try word("a type")
      switch name {
      case "state":
        try expect("<")
        guard case .tensor(let inner) = try type() else {
          throw fault("a state holds a tensor", at: place)
        }
        try expect(">")
        return .state(inner)
      case "list":
        try expect("<")
        let inner = try type()
        try expect(",")
        let length = take("?") ? nil : try dim()
        try expect(">")
        return .list(inner, length: length)
      case "tuple":
        try expect("<")
        return .tuple(try list(until: ">", type))
      case "dictionary":
        try expect("<")
        let key = try type()
        try expect(",")
        let value = try type()
        try expect(">")
        return .dictionary(key, value)
      default: return .tensor(try tensorType(name, at: place))
      }
    }
  }

  func tensorType(_ name: String, at place: Token) throws -> TensorType {
    guard let dtype = DType(rawValue: name) else { throw fault("no type '\(name)'", at: place) }
    try expect("[")
    return TensorType(dtype, try list(until: "]", dim))
  }

  // MARK: Extents

  /// `2 * T + 1`, `floordiv(T, 2)`.
  func dim() throws -> Dim {
    try nested {
      var sum = take("-") ? -(try product()) : try product()
      while true {
        if take("+") {
          sum = sum + (try product())
        } else if take("-") {
          sum = sum - (try product())
        } else {
          return sum
        }
      }
    }
  }

  private func product() throws -> Dim {
    var product = try factor()
    while take("*") { product = product * (try factor()) }
    return product
  }

  private func factor() throws -> Dim {
    let place = token
    switch place.kind {
    case .number(let text):
      guard let value = Int(text) else { throw fault("'\(text)' is not an integer") }
      advance()
      return .fixed(value)
    case .symbol(let name):
      advance()
      return .symbol(name)
    case .word(let name):
      advance()
      return Dim.functions.contains(name) ? try call(name) : .symbol(name)
    case .mark("("):
      advance()
      let inner = try dim()
      try expect(")")
      return inner
    default: throw unexpected("an extent")
    }
  }

  private func call(_ function: String) throws -> Dim {
    try expect("(")
    let a = try dim()
    try expect(",")
    let b = try dim()
    try expect(")")
    switch function {
    case "floordiv": return .floorDiv(a, b)
    case "mod": return .mod(a, b)
    case "max": return .max(a, b)
    default: return .min(a, b)
    }
  }
}
