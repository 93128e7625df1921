// SPDX-License-Identifier: Apache-2.0

/// What is known of the symbols of a function: the range each may take, and an example.
package struct SymbolTable: Hashable, Sendable {
  package struct Entry: Hashable, Sendable {
    package var lower: Int
    /// `nil` when unbounded.
    package var upper: Int?
    /// The value at export: the default shape of a flexible input.
    package var example: Int?
    /// Where only some values are allowed (enumerated shapes), those values.
    package var allowed: [Int]?

    package init(lower: Int = 0, upper: Int? = nil, example: Int? = nil, allowed: [Int]? = nil) {
      self.lower = lower
      self.upper = upper
      self.example = example
      self.allowed = allowed
    }
  }

  package var entries: [String: Entry] = [:]
  private var anonymous = 0

  package init() {}

  package subscript(name: String) -> Entry? {
    get { entries[name] }
    set { entries[name] = newValue }
  }

  /// A symbol that no other extent is known to equal.
  package mutating func fresh(_ entry: Entry = Entry()) -> Dim {
    var name: String
    repeat {
      name = "d\(anonymous)"
      anonymous += 1
    } while entries[name] != nil
    entries[name] = entry
    return .symbol(name)
  }

  /// The smallest and largest value of `dim`; `nil` bounds are unknown.
  package func bounds(_ dim: Dim) -> (lower: Int?, upper: Int?) {
    var low: Int? = 0
    var high: Int? = 0
    for (coefficient, atoms) in dim.summands {
      var (a, b): (Int?, Int?) = (1, 1)
      for atom in atoms {
        let (x, y) = bounds(atom)
        // Extents and their functions are not negative here; anything else is unknown.
        guard let x, x >= 0, let la = a else { (a, b) = (nil, nil); break }
        a = la.multipliedReportingOverflow(by: x).overflow ? nil : la * x
        if let ub = b, let y, !ub.multipliedReportingOverflow(by: y).overflow {
          b = ub * y
        } else {
          b = nil
        }
      }
      if coefficient < 0 { swap(&a, &b) }
      low = Self.add(low, a, coefficient)
      high = Self.add(high, b, coefficient)
    }
    return (low, high)
  }

  private func bounds(_ atom: Dim.Atom) -> (Int?, Int?) {
    switch atom {
    case .symbol(let name):
      guard let entry = entries[name] else { return (0, nil) }
      return (entry.lower, entry.upper)
    case .floorDiv(let a, let b): return quotientBounds(a, b)
    case .mod(_, let b):
      let (low, high) = bounds(b)
      guard let low, low > 0 else { return (nil, nil) }
      return (0, high.map { $0 - 1 })
    case .max(let a, let b):
      let (x, y) = (bounds(a), bounds(b))
      let low = [x.lower, y.lower].compactMap { $0 }.max()
      return (low, x.upper.flatMap { u in y.upper.map { Swift.max(u, $0) } })
    case .min(let a, let b):
      let (x, y) = (bounds(a), bounds(b))
      let high = [x.upper, y.upper].compactMap { $0 }.min()
      return (x.lower.flatMap { l in y.lower.map { Swift.min(l, $0) } }, high)
    }
  }

  /// The bounds of `floordiv(a, b)`; unknown unless `b` is certainly positive.
  private func quotientBounds(_ a: Dim, _ b: Dim) -> (Int?, Int?) {
    let (low, high) = bounds(a)
    let (least, most) = bounds(b)
    guard let least, least > 0 else { return (nil, nil) }
    let lower = low.flatMap { value -> Int? in
      value < 0 ? Dim.flooredQuotient(value, least) : most.map { value / $0 } ?? 0
    }
    let upper = high.flatMap { value -> Int? in
      value >= 0 ? value / least : most.map { Dim.flooredQuotient(value, $0) } ?? -1
    }
    return (lower, upper)
  }

  private static func add(_ sum: Int?, _ value: Int?, _ coefficient: Int) -> Int? {
    guard let sum, let value else { return nil }
    let (product, overflow) = value.multipliedReportingOverflow(by: coefficient)
    if overflow { return nil }
    let (total, overflow2) = sum.addingReportingOverflow(product)
    return overflow2 ? nil : total
  }

  /// The example value of `dim`, where every symbol has one.
  package func example(_ dim: Dim) -> Int? {
    dim.evaluated { entries[$0]?.example }
  }
}
