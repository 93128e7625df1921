// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpContext {
  /// The number of elements of a one-dimensional operand. Throws for another rank.
  package func length(_ name: String) throws -> Dim {
    let shape = try shape(name)
    guard shape.count == 1 else {
      throw fault("'\(name)' has rank \(shape.count), not 1", .shapeMismatch)
    }
    return shape[0]
  }

  /// The integers of a constant one-dimensional operand, or its default.
  package func vector(_ name: String) throws -> [Int] {
    if has(name) { _ = try length(name) }
    return try ints(name)
  }

  /// The booleans of a constant operand with one per axis; all false when absent.
  package func mask(_ name: String, count: Int) throws -> [Bool] {
    guard let flags = try bools(name) else { return Array(repeating: false, count: count) }
    guard flags.count == count else {
      throw fault("'\(name)' has \(flags.count) elements, not \(count)", .shapeMismatch)
    }
    return flags
  }

  /// The elements of a one-dimensional operand as expressions, fresh ones where nothing is known.
  /// Throws where not even their number is known.
  package func elements(_ name: String) throws -> [Dim] {
    if let dims = try elementsIfKnown(name) { return dims }
    guard let count = try length(name).fixed else {
      throw fault("'\(name)' has no fixed number of elements", .unsupportedArgument)
    }
    return (0..<count).map { _ in freshDim() }
  }

  /// The elements of a one-dimensional operand as expressions; `nil` where they are not known.
  package func elementsIfKnown(_ name: String) throws -> [Dim]? {
    if has(name) { _ = try length(name) }
    return try dims(name)
  }

  /// Whether `name` has one element per axis of `operand`. Throws where it certainly has not.
  package func requireOnePerAxis(_ name: String, of operand: String) throws {
    let (count, rank) = (try length(name), try rank(operand))
    guard mayEqual(count, .fixed(rank)) else {
      throw fault(
        "'\(name)' has \(count) elements but '\(operand)' has rank \(rank)", .shapeMismatch)
    }
  }

  /// What is best known of an extent that is both `a` and `b`: a number rather than an expression.
  package func unified(_ a: Dim, _ b: Dim) -> Dim { a.isFixed ? a : b.isFixed ? b : a }

  package func unified(_ a: [Dim], _ b: [Dim]) -> [Dim] { zip(a, b).map { unified($0, $1) } }

  /// The number of elements of a shape.
  package func product(_ shape: some Sequence<Dim>) -> Dim { shape.reduce(.fixed(1)) { $0 * $1 } }

  /// `max(0, dim)`, simplified where the sign is known. Symbolic extents are taken at their word.
  package func notNegative(_ dim: Dim) -> Dim {
    if let value = dim.fixed { return .fixed(Swift.max(0, value)) }
    if let high = bounds(dim).upper, high <= 0 { return 0 }
    return dim
  }

  /// Throws unless every extent is at least `least`, where that can be told.
  package func requireAtLeast(_ least: Int, _ name: String, _ values: [Int]) throws {
    for value in values where value < least {
      throw fault("'\(name)' is \(value), not at least \(least)")
    }
  }
}
