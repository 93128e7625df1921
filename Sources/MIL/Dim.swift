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

  init(terms: [Monomial: Int]) {
    self.terms = terms.filter { $0.value != 0 }
  }

  package static func fixed(_ value: Int) -> Dim { Dim(terms: [.one: value]) }
  package static func symbol(_ name: String) -> Dim { Dim(atom: .symbol(name)) }
  /// What arithmetic past the range of `Int` gives; no number, so that it cannot pass for one.
  package static let unrepresentable = Dim.symbol("unrepresentable")

  init(atom: Atom) {
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

  /// Products by their text, the constant last.
  static func order(_ a: Monomial, _ b: Monomial) -> Bool {
    if a.factors.isEmpty != b.factors.isEmpty { return b.factors.isEmpty }
    return a.text < b.text
  }
}

extension Dim {
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
}
