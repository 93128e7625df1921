// SPDX-License-Identifier: Apache-2.0
import CKernels
import Diagnostics
package import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How far a weight is from what it should be.
package struct WeightDifference: Hashable, Sendable {
  /// Sums of squares: of the expected values, and of the differences. Infinite where only one of
  /// two values is a number.
  package private(set) var signal = 0.0
  package private(set) var noise = 0.0
  /// The largest difference of an element.
  package private(set) var largest = 0.0
  /// The range of the expected values.
  package private(set) var low = Double.infinity
  package private(set) var high = -Double.infinity
  package private(set) var count = 0

  /// Of nothing.
  package init() {}

  /// Signal to noise in decibels; infinite where nothing differs.
  package var decibels: Double { noise == 0 ? .infinity : 10 * log10(signal / noise) }

  /// The largest difference over the range of the expected values, or over their magnitude where
  /// all are equal.
  package var relative: Double {
    if largest == 0 { return 0 }
    let span = high > low ? high - low : max(abs(high), abs(low))
    return span > 0 && span.isFinite ? largest / span : largest
  }

  package static func + (a: WeightDifference, b: WeightDifference) -> WeightDifference {
    var sum = a
    sum.signal += b.signal
    sum.noise += b.noise
    sum.largest = max(a.largest, b.largest)
    sum.low = min(a.low, b.low)
    sum.high = max(a.high, b.high)
    sum.count += b.count
    return sum
  }
}

extension WeightDifference {
  /// Adds the differences of two tiles.
  fileprivate mutating func add(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ n: Int) {
    var sums = mpk_error()
    var (least, most) = (Float.infinity, -Float.infinity)
    mpk_accumulate_error(x, y, n, &sums)
    let strange = mpk_min_max(x, n, &least, &most)
    guard strange == 0, least.isFinite, most.isFinite, sums.noise.isFinite else {
      return addCarefully(x, y, n)
    }
    signal += sums.signal
    noise += sums.noise
    largest = max(largest, sums.largest)
    low = min(low, Double(least))
    high = max(high, Double(most))
    count += n
  }

  /// Infinities and NaNs that are the same on both sides are no difference.
  private mutating func addCarefully(
    _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ n: Int
  ) {
    count += n
    for i in 0..<n {
      let (a, b) = (Double(x[i]), Double(y[i]))
      if a.isFinite {
        signal += a * a
        low = min(low, a)
        high = max(high, a)
      }
      if a == b || a.isNaN && b.isNaN { continue }
      guard a.isFinite, b.isFinite else {
        (largest, noise) = (.infinity, .infinity)
        continue
      }
      largest = max(largest, abs(a - b))
      noise += (a - b) * (a - b)
    }
  }
}

/// Measures many pairs of weights at once, in tiles on all cores. The results do not depend on how
/// many there are.
package enum WeightMeasurement {
  /// A weight as it should be, and as it is: of one shape.
  package typealias Pair = (expected: any WeightSource, actual: any WeightSource)

  /// Differences of each pair. Throws when one cannot be read, or has no float values.
  package static func differences(_ pairs: [Pair]) throws -> [WeightDifference] {
    try run(pairs.map(\.expected.count), WeightDifference()) { index, range in
      var difference = WeightDifference()
      let pair = pairs[index]
      try Decoding.withScratch(Float.self, 2 * Decoding.tile) { memory in
        let other = memory + Decoding.tile
        try Decoding.forEachTile(in: range) { part in
          try pair.expected.readFloats(part, into: memory)
          try pair.actual.readFloats(part, into: other)
          difference.add(memory, other, part.count)
        }
      }
      return difference
    } combine: {
      $0 + $1
    }
  }

  /// How many elements of each source lie in each of `bins` equal parts of its range.
  package static func histograms(
    _ sources: [any WeightSource], ranges: [ClosedRange<Double>], bins: Int
  ) throws -> [[Int]] {
    let none = [UInt64](repeating: 0, count: bins)
    let counts = try run(sources.map(\.count), none) { index, range in
      var counts = none
      try Decoding.withScratch(Float.self, Decoding.tile) { values in
        try Decoding.forEachTile(in: range) { part in
          try sources[index].readFloats(part, into: values)
          mpk_histogram(
            values, part.count, Float(ranges[index].lowerBound), Float(ranges[index].upperBound),
            &counts, bins)
        }
      }
      return counts
    } combine: {
      zip($0, $1).map(+)
    }
    return counts.map { $0.map { Int(clamping: $0) } }
  }

  /// The share of codes of a linearly quantized weight that are at either end of their range;
  /// `nil` for weights stored otherwise.
  package static func saturated(_ expressions: [WeightExpression]) throws -> [Double?] {
    let codes = try expressions.map { try SaturationCheck($0) }
    let counts = try run(codes.map { $0?.codes.count ?? 0 }, 0) { index, range in
      try codes[index]?.ends(in: range) ?? 0
    } combine: {
      $0 + $1
    }
    return zip(codes, counts).map { check, count in
      check.map { Double(count) / Double(max(1, $0.codes.count)) }
    }
  }

  /// Elements that a thread takes at a time.
  private static let piece = 1 << 19

  /// Runs `body` over pieces of sequences of these lengths on all cores, and combines the results
  /// of each sequence in order.
  private static func run<Result: Sendable>(
    _ counts: [Int], _ start: Result,
    _ body: @Sendable (_ index: Int, _ range: Range<Int>) throws -> Result,
    combine: (Result, Result) -> Result
  ) throws -> [Result] {
    let pieces = counts.enumerated().flatMap { index, count in
      stride(from: 0, to: count, by: piece).map { (index, $0..<min($0 + piece, count)) }
    }
    let results = try ParallelItems.map(count: pieces.count) { place in
      try body(pieces[place].0, pieces[place].1)
    }
    var sums = [Result](repeating: start, count: counts.count)
    for (piece, result) in zip(pieces, results) {
      sums[piece.0] = combine(sums[piece.0], result)
    }
    return sums
  }
}

/// The codes of a linearly quantized weight and the ends of their range.
private struct SaturationCheck {
  let codes: any WeightSource
  private let low: UInt8
  private let high: UInt8

  /// `nil` for a weight that has no such codes. Reads the first zero points.
  init?(_ expression: WeightExpression) throws {
    let operands = [
      "constexpr_blockwise_shift_scale": "data", "constexpr_affine_dequantize": "quantized_data",
      "constexpr_sparse_blockwise_shift_scale": "nonzero_data",
    ]
    var found: (codes: any WeightSource, zeros: (any WeightSource)?)?
    for operation in expression.operations {
      guard let name = operands[operation.type], case .constant(let constant)? = operation[name],
        let source = constant.source, source.dtype.isInteger, source.dtype.bitWidth <= 8
      else { continue }
      var zeros: (any WeightSource)?
      if case .constant(let constant)? = operation["offset"] ?? operation["zero_point"] {
        zeros = constant.source
      }
      found = (source, zeros)
    }
    guard let found else { return nil }
    codes = found.codes
    let bits = codes.dtype.bitWidth
    let center = codes.dtype.isSignedInteger ? 0 : 1 << (bits - 1) - 1
    let isSymmetric = try found.zeros.map { try Self.isConstant($0, Float(center)) } ?? true
    // Symmetric ranges leave one code out.
    let least = codes.dtype.isSignedInteger ? -(1 << (bits - 1)) + (isSymmetric ? 1 : 0) : 0
    let most =
      codes.dtype.isSignedInteger
      ? 1 << (bits - 1) - 1 : 1 << bits - (isSymmetric ? 2 : 1)
    low = UInt8(truncatingIfNeeded: least)
    high = UInt8(truncatingIfNeeded: most)
  }

  private static func isConstant(_ source: any WeightSource, _ value: Float) throws -> Bool {
    let count = min(source.count, 4096)
    return try Decoding.withScratch(Float.self, count) { values in
      try source.readFloats(0..<count, into: values)
      return (0..<count).allSatisfy { values[$0] == value }
    }
  }

  func ends(in range: Range<Int>) throws -> Int {
    var sum = 0
    try Decoding.withScratch(UInt8.self, Decoding.tile) { values in
      try Decoding.forEachTile(in: range) { part in
        try codes.readUnpacked(part, into: values)
        sum += Int(mpk_count_bytes(values, part.count, low, high))
      }
    }
    return sum
  }
}
