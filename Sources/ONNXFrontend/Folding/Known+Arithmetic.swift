// SPDX-License-Identifier: Apache-2.0
import MIL

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Known {
  /// What an operator does to a pair of elements. `nil` where it has no meaning for them.
  struct Binary: Sendable {
    var integers: @Sendable (Dim, Dim) -> Dim? = { _, _ in nil }
    var floats: @Sendable (Double, Double) -> Double? = { _, _ in nil }
  }

  static func combine(_ a: Known, _ b: Known, by operation: Binary) -> Known? {
    guard let (x, y) = aligned(a, b) else { return nil }
    switch (x.elements, y.elements) {
    case (.integers(let p), .integers(let q)):
      let values = zip(p, q).compactMap(operation.integers)
      return values.count == p.count ? Known(x.shape, .integers(values)) : nil
    case (.floats(let p), .floats(let q)):
      let values = zip(p, q).compactMap(operation.floats)
      return values.count == p.count ? Known(x.shape, .floats(values)) : nil
    default: return nil
    }
  }

  /// Compares pairs of elements. Extents that are not numbers compare where the bounds of their
  /// difference decide.
  static func compare(
    _ a: Known, _ b: Known, bounds: (Dim) -> (lower: Int?, upper: Int?),
    by test: @Sendable (Double, Double) -> Bool
  ) -> Known? {
    guard let (x, y) = aligned(a, b) else { return nil }
    switch (x.elements, y.elements) {
    case (.integers(let p), .integers(let q)):
      let signs = zip(p, q).compactMap { sign($0 - $1, bounds) }
      guard signs.count == p.count else { return nil }
      return Known(x.shape, .bools(signs.map { test($0, 0) }))
    case (.floats(let p), .floats(let q)): return Known(x.shape, .bools(zip(p, q).map(test)))
    case (.bools(let p), .bools(let q)):
      return Known(x.shape, .bools(zip(p, q).map { test($0 ? 1 : 0, $1 ? 1 : 0) }))
    default: return nil
    }
  }

  private static func sign(
    _ difference: Dim, _ bounds: (Dim) -> (lower: Int?, upper: Int?)
  ) -> Double? {
    if let fixed = difference.fixed { return Double(fixed.signum()) }
    let (lower, upper) = bounds(difference)
    if let lower, lower > 0 { return 1 }
    if let upper, upper < 0 { return -1 }
    return nil
  }

  private static func aligned(_ a: Known, _ b: Known) -> (Known, Known)? {
    guard let shape = broadcast(a.shape, b.shape), let x = a.broadcast(to: shape),
      let y = b.broadcast(to: shape)
    else { return nil }
    return (x, y)
  }

  func map(_ function: @Sendable (Double) -> Double) -> Known? {
    guard case .floats(let values) = elements else { return nil }
    return Known(shape, .floats(values.map(function)))
  }

  func mapIntegers(_ function: (Dim) -> Dim?) -> Known? {
    guard let dims else { return nil }
    let values = dims.compactMap(function)
    return values.count == dims.count ? Known(shape, .integers(values)) : nil
  }

  /// Integer division as ONNX has it: the quotient loses its fraction toward zero. For extents,
  /// which are not negative, that is the floor.
  static func quotient(_ a: Dim, _ b: Dim) -> Dim? {
    guard let x = a.fixed, let y = b.fixed else {
      return b.fixed == 0 ? nil : .floorDiv(a, b)
    }
    return y == 0 || x == .min ? nil : .fixed(x / y)
  }
}
