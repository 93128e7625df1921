// SPDX-License-Identifier: Apache-2.0

/// An extent of a tensor: a number, or an expression over the symbols of the program.
///
/// Kept canonical (a sorted sum of products), so that equal extents compare equal:
/// `E - T + T` is `E`.
package struct Dim: Hashable, Sendable {
  /// Coefficient of every monomial, none zero; the empty monomial is the constant part.
  private(set) var terms: [Monomial: Int]

  /// A product of atoms with positive powers, sorted.
  struct Monomial: Hashable, Sendable {
    var factors: [Factor]
    static let one = Monomial(factors: [])
  }

  struct Factor: Hashable, Sendable {
    var atom: Atom
    var power: Int
  }

  /// What cannot be taken apart: a symbol, or a function that is not linear.
  package indirect enum Atom: Hashable, Sendable {
    case symbol(String)
    case floorDiv(Dim, Dim)
    case mod(Dim, Dim)
    case max(Dim, Dim)
    case min(Dim, Dim)
  }

  private init(terms: [Monomial: Int]) {
    self.terms = terms.filter { $0.value != 0 }
  }

  package static func fixed(_ value: Int) -> Dim { Dim(terms: [.one: value]) }
  package static func symbol(_ name: String) -> Dim { Dim(atom: .symbol(name)) }

  private init(atom: Atom) {
    self.init(terms: [Monomial(factors: [Factor(atom: atom, power: 1)]): 1])
  }
}

extension Dim {
  /// The number, where the extent is one.
  package var fixed: Int? {
    if terms.isEmpty { return 0 }
    return terms.count == 1 ? terms[.one] : nil
  }

  package var isFixed: Bool { fixed != nil }

  /// The name, where the extent is a bare symbol.
  package var symbol: String? {
    guard terms.count == 1, let (monomial, coefficient) = terms.first, coefficient == 1,
      monomial.factors.count == 1, monomial.factors[0].power == 1,
      case .symbol(let name) = monomial.factors[0].atom
    else { return nil }
    return name
  }

  /// The single function application that this is, if it is one.
  package var atom: Atom? {
    guard terms.count == 1, let (monomial, coefficient) = terms.first, coefficient == 1,
      monomial.factors.count == 1, monomial.factors[0].power == 1
    else { return nil }
    return monomial.factors[0].atom
  }

  /// Every symbol in the expression.
  package var symbols: Set<String> {
    var found = Set<String>()
    for monomial in terms.keys {
      for factor in monomial.factors {
        switch factor.atom {
        case .symbol(let name): found.insert(name)
        case .floorDiv(let a, let b), .mod(let a, let b), .max(let a, let b), .min(let a, let b):
          found.formUnion(a.symbols)
          found.formUnion(b.symbols)
        }
      }
    }
    return found
  }

  /// The sum as (coefficient, atoms with multiplicity), in canonical order, for whoever computes it.
  package var summands: [(coefficient: Int, factors: [Atom])] {
    terms.sorted { Dim.order($0.key, $1.key) }.map { monomial, coefficient in
      (coefficient, monomial.factors.flatMap { Array(repeating: $0.atom, count: $0.power) })
    }
  }

  /// Symbols by descending degree, the constant last.
  private static func order(_ a: Monomial, _ b: Monomial) -> Bool {
    if a.factors.isEmpty != b.factors.isEmpty { return b.factors.isEmpty }
    return a.text < b.text
  }
}

extension Dim {
  package static func + (a: Dim, b: Dim) -> Dim {
    Dim(terms: a.terms.merging(b.terms) { $0 &+ $1 })
  }

  package static prefix func - (a: Dim) -> Dim { Dim(terms: a.terms.mapValues { 0 &- $0 }) }
  package static func - (a: Dim, b: Dim) -> Dim { a + -b }

  package static func * (a: Dim, b: Dim) -> Dim {
    var product: [Monomial: Int] = [:]
    for (m, x) in a.terms {
      for (n, y) in b.terms { product[m * n, default: 0] &+= x &* y }
    }
    return Dim(terms: product)
  }

  /// Floor division; exact where every coefficient divides.
  package static func floorDiv(_ a: Dim, _ b: Dim) -> Dim {
    if let y = b.fixed, y != 0 {
      if let x = a.fixed { return .fixed(flooredQuotient(x, y)) }
      if a.terms.values.allSatisfy({ $0 % y == 0 }) {
        return Dim(terms: a.terms.mapValues { $0 / y })
      }
    }
    if a == b { return .fixed(1) }
    if let quotient = a.exactQuotient(b) { return quotient }
    return Dim(atom: .floorDiv(a, b))
  }

  package static func mod(_ a: Dim, _ b: Dim) -> Dim {
    if let y = b.fixed, y != 0 {
      if let x = a.fixed { return .fixed(x - flooredQuotient(x, y) * y) }
      if a.terms.values.allSatisfy({ $0 % y == 0 }) { return .fixed(0) }
    }
    if a == b { return .fixed(0) }
    return Dim(atom: .mod(a, b))
  }

  package static func max(_ a: Dim, _ b: Dim) -> Dim {
    if a == b { return a }
    if let difference = (a - b).fixed { return difference >= 0 ? a : b }
    return Dim(atom: .max(a, b))
  }

  package static func min(_ a: Dim, _ b: Dim) -> Dim {
    if a == b { return a }
    if let difference = (a - b).fixed { return difference <= 0 ? a : b }
    return Dim(atom: .min(a, b))
  }

  static func flooredQuotient(_ x: Int, _ y: Int) -> Int {
    let quotient = x / y
    return x % y != 0 && (x < 0) != (y < 0) ? quotient - 1 : quotient
  }

  /// `self / b` where `b` is a single product that divides every term.
  private func exactQuotient(_ b: Dim) -> Dim? {
    guard b.terms.count == 1, let (monomial, coefficient) = b.terms.first else { return nil }
    var quotient: [Monomial: Int] = [:]
    for (m, x) in terms {
      guard x % coefficient == 0, let rest = m.divided(by: monomial) else { return nil }
      quotient[rest] = x / coefficient
    }
    return Dim(terms: quotient)
  }

  /// The expression with symbols replaced.
  package func substituting(_ lookup: (String) -> Dim?) -> Dim {
    var sum = Dim.fixed(0)
    for (coefficient, atoms) in summands {
      var product = Dim.fixed(coefficient)
      for atom in atoms { product = product * atom.substituting(lookup) }
      sum = sum + product
    }
    return sum
  }

  /// The number that the expression takes when every symbol has a value.
  package func evaluated(_ values: (String) -> Int?) -> Int? {
    substituting { name in values(name).map { .fixed($0) } }.fixed
  }
}

extension Dim.Atom {
  fileprivate func substituting(_ lookup: (String) -> Dim?) -> Dim {
    switch self {
    case .symbol(let name): lookup(name) ?? .symbol(name)
    case .floorDiv(let a, let b): .floorDiv(a.substituting(lookup), b.substituting(lookup))
    case .mod(let a, let b): .mod(a.substituting(lookup), b.substituting(lookup))
    case .max(let a, let b): .max(a.substituting(lookup), b.substituting(lookup))
    case .min(let a, let b): .min(a.substituting(lookup), b.substituting(lookup))
    }
  }

  var text: String {
    switch self {
    case .symbol(let name): name
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

  static func * (a: Self, b: Self) -> Self {
    var powers: [Dim.Atom: Int] = [:]
    for factor in a.factors + b.factors { powers[factor.atom, default: 0] += factor.power }
    return Self(
      factors: powers.map { Dim.Factor(atom: $0.key, power: $0.value) }
        .sorted { $0.atom.text < $1.atom.text })
  }

  func divided(by divisor: Self) -> Self? {
    var powers = Dictionary(uniqueKeysWithValues: factors.map { ($0.atom, $0.power) })
    for factor in divisor.factors {
      guard let power = powers[factor.atom], power >= factor.power else { return nil }
      powers[factor.atom] = power == factor.power ? nil : power - factor.power
    }
    return Self(
      factors: powers.map { Dim.Factor(atom: $0.key, power: $0.value) }
        .sorted { $0.atom.text < $1.atom.text })
  }
}

extension Dim: CustomStringConvertible, ExpressibleByIntegerLiteral {
  package init(integerLiteral value: Int) { self = .fixed(value) }

  /// `E - T`, `2 * T + 1`.
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
