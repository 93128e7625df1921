// SPDX-License-Identifier: Apache-2.0

extension Dim {
  package static func + (a: Dim, b: Dim) -> Dim {
    var sum = a.terms
    for (monomial, y) in b.terms {
      let (value, overflow) = (sum[monomial] ?? 0).addingReportingOverflow(y)
      if overflow { return .unrepresentable }
      sum[monomial] = value
    }
    return Dim(terms: sum)
  }

  package static prefix func - (a: Dim) -> Dim { .fixed(-1) * a }
  package static func - (a: Dim, b: Dim) -> Dim { a + -b }

  package static func * (a: Dim, b: Dim) -> Dim {
    var product: [Monomial: Int] = [:]
    for (m, x) in a.terms {
      for (n, y) in b.terms {
        let (value, overflow) = x.multipliedReportingOverflow(by: y)
        let (sum, overflow2) = (product[m * n] ?? 0).addingReportingOverflow(value)
        if overflow || overflow2 { return .unrepresentable }
        product[m * n] = sum
      }
    }
    return Dim(terms: product)
  }

  /// The quotient rounded down; taken apart where that is exact (`floordiv(4 * T + 6, 4)` is
  /// `T + 1 + floordiv(2, 4)`, so `T + 1`). By zero it stays an expression without a value.
  package static func floorDiv(_ a: Dim, _ b: Dim) -> Dim {
    if let y = b.fixed {
      guard y != 0, y != .min else { return Dim(atom: .floorDiv(a, b)) }
      return y < 0 ? (-a).floorDivided(by: -y) : a.floorDivided(by: y)
    }
    if a == b { return .fixed(1) }
    return a.exactQuotient(b) ?? Dim(atom: .floorDiv(a, b))
  }

  /// What `floorDiv` leaves, of the sign of `b`. By zero it stays an expression without a value.
  package static func mod(_ a: Dim, _ b: Dim) -> Dim {
    guard let y = b.fixed else { return a == b ? .fixed(0) : Dim(atom: .mod(a, b)) }
    if y == -1 { return .fixed(0) }
    guard y > 0 else {
      guard y < 0, let x = a.fixed, y != .min else { return Dim(atom: .mod(a, b)) }
      return .fixed(x - flooredQuotient(x, y) * y)
    }
    let (_, rest) = a.split(by: y)
    return rest.isFixed ? rest : Dim(atom: .mod(rest, b))
  }

  package static func max(_ a: Dim, _ b: Dim) -> Dim {
    if let difference = (a - b).fixed { return difference >= 0 ? a : b }
    return Dim(atom: a.description < b.description ? .max(a, b) : .max(b, a))
  }

  package static func min(_ a: Dim, _ b: Dim) -> Dim {
    if let difference = (a - b).fixed { return difference <= 0 ? a : b }
    return Dim(atom: a.description < b.description ? .min(a, b) : .min(b, a))
  }

  /// `x / y` rounded down. C1: `y` is not 0; not -1 where `x` is `Int.min`.
  static func flooredQuotient(_ x: Int, _ y: Int) -> Int {
    let quotient = x / y
    return x % y != 0 && (x < 0) != (y < 0) ? quotient - 1 : quotient
  }

  /// `self = y * quotient + rest`, with all terms that `y` divides, and of the constant what fits,
  /// in `quotient`. C1: `y` is positive.
  private func split(by y: Int) -> (quotient: Dim, rest: Dim) {
    var (quotient, rest): ([Monomial: Int], [Monomial: Int]) = ([:], [:])
    for (monomial, x) in terms {
      if monomial == .one || x % y == 0 {
        let part = Dim.flooredQuotient(x, y)
        (quotient[monomial], rest[monomial]) = (part, x - part * y)
      } else {
        rest[monomial] = x
      }
    }
    return (Dim(terms: quotient), Dim(terms: rest))
  }

  /// Floor division by a positive number.
  private func floorDivided(by y: Int) -> Dim {
    let (quotient, rest) = split(by: y)
    if rest.isFixed { return quotient }
    // Numbers that all but the constant have in common with the divisor cancel.
    let common = rest.terms.reduce(y) { $1.key == .one ? $0 : Dim.gcd($0, $1.value) }
    let numerator = Dim(terms: rest.terms.mapValues { Dim.flooredQuotient($0, common) })
    let divisor = y / common
    if divisor == 1 { return quotient + numerator }
    if case .floorDiv(let inner, let first) = numerator.atom, let first = first.fixed, first > 0,
      case (let product, false) = first.multipliedReportingOverflow(by: divisor)
    {
      return quotient + .floorDiv(inner, .fixed(product))
    }
    return quotient + Dim(atom: .floorDiv(numerator, .fixed(divisor)))
  }

  private static func gcd(_ a: Int, _ b: Int) -> Int {
    var (x, y) = (a, b)
    while y != 0 { (x, y) = (y, x % y) }
    return x < 0 ? 0 &- x : x
  }

  /// `self / b` where `b` is a single product that divides every term.
  private func exactQuotient(_ b: Dim) -> Dim? {
    guard b.terms.count == 1, let (monomial, coefficient) = b.terms.first, coefficient != -1 else {
      return nil
    }
    var quotient: [Monomial: Int] = [:]
    for (m, x) in terms {
      guard x % coefficient == 0, let rest = m.divided(by: monomial) else { return nil }
      quotient[rest] = x / coefficient
    }
    return Dim(terms: quotient)
  }
}

extension Dim.Monomial {
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
