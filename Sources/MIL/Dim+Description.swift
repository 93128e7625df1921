// SPDX-License-Identifier: Apache-2.0

extension Dim: CustomStringConvertible, ExpressibleByIntegerLiteral {
  package init(integerLiteral value: Int) { self = .fixed(value) }

  /// Whether a symbol reads as one without quotes: a letter, then letters, digits and `_`.
  static func isPlain(_ name: String) -> Bool {
    guard let first = name.utf8.first, !functions.contains(name) else { return false }
    let isLetter = { (c: UInt8) in c | 32 >= 97 && c | 32 <= 122 || c == 95 }
    return isLetter(first) && name.utf8.allSatisfy { isLetter($0) || $0 >= 48 && $0 <= 57 }
  }

  fileprivate static func backquoted(_ name: String) -> String {
    var text = "`"
    for character in name {
      if character == "`" || character == "\\" { text.append("\\") }
      text += character == "\n" ? "\\n" : String(character)
    }
    return text + "`"
  }

  /// The names of functions in the text of an extent.
  static let functions = ["floordiv", "mod", "max", "min"]

  /// `E - T`, `2 * T + 1`, `floordiv(T + 1, 2)`; symbols of other letters in backquotes.
  package var description: String {
    if terms.isEmpty { return "0" }
    var text = ""
    for (monomial, coefficient) in terms.sorted(by: { Dim.order($0.key, $1.key) }) {
      let magnitude = coefficient.magnitude
      let sign = coefficient < 0 ? (text.isEmpty ? "-" : " - ") : (text.isEmpty ? "" : " + ")
      let factor =
        monomial.factors.isEmpty
        ? "\(magnitude)" : (magnitude == 1 ? "" : "\(magnitude) * ") + monomial.text
      text += sign + factor
    }
    return text
  }
}

extension Dim.Atom {
  var text: String {
    switch self {
    case .symbol(let name): Dim.isPlain(name) ? name : Dim.backquoted(name)
    case .floorDiv(let a, let b): "floordiv(\(a), \(b))"
    case .mod(let a, let b): "mod(\(a), \(b))"
    case .max(let a, let b): "max(\(a), \(b))"
    case .min(let a, let b): "min(\(a), \(b))"
    }
  }
}

extension Dim.Monomial {
  var text: String {
    factors.flatMap { Array(repeating: $0.atom.text, count: $0.power) }.joined(separator: " * ")
  }
}
