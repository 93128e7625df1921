// SPDX-License-Identifier: Apache-2.0
import CKernels
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What encoding parts of a weight did to their elements.
struct ErrorSums {
  private var sums = mpk_error()
  private var ends: UInt64 = 0
  private var count = 0

  mutating func add(_ piece: EncodedPiece, _ weight: QuantizedWeight) {
    let codes = weight.scheme.codes
    let stride = piece.columns * piece.inner
    ends += mpk_count_bytes(
      piece.codes, piece.covered.count, UInt8(truncatingIfNeeded: codes.lowerBound),
      UInt8(truncatingIfNeeded: codes.upperBound))
    mpk_encoding_error(
      piece.elements, weight.isHalf ? 1 : 0, piece.rows, piece.columns, piece.inner, stride,
      piece.parameters.scales, piece.parameters.zeros, weight.kernelScheme, piece.codes, stride,
      &sums)
    count += piece.covered.count
  }

  mutating func add(_ other: ErrorSums) {
    sums.signal += other.sums.signal
    sums.noise += other.sums.noise
    sums.largest = max(sums.largest, other.sums.largest)
    ends += other.ends
    count += other.count
  }

  var error: WeightError {
    let ratio = sums.noise == 0 ? Double.infinity : sums.signal / sums.noise
    return WeightError(
      decibels: 10 * log10(ratio), largest: sums.largest,
      saturated: Double(ends) / Double(max(1, count)))
  }
}

/// Collects errors while the codes of a weight are read, tile by tile in any order.
final class ErrorTally: Sendable {
  private struct Entry {
    let range: Range<Int>
    let sums: ErrorSums
  }

  private let isCollecting = Atomic(false)
  /// By where they start, the longest of those that start there.
  private let entries = Mutex<[Int: Entry]>([:])

  var collects: Bool { isCollecting.load(ordering: .relaxed) }

  func start() { isCollecting.store(true, ordering: .relaxed) }

  func add(_ range: Range<Int>, _ sums: ErrorSums) {
    entries.withLock { entries in
      if let old = entries[range.lowerBound], old.range.count >= range.count { return }
      entries[range.lowerBound] = Entry(range: range, sums: sums)
    }
  }

  /// The sums over all of `count` elements, if tiles without gaps were read. Added in the order of
  /// the tiles, whichever was read first.
  func total(_ count: Int) -> ErrorSums? {
    entries.withLock { entries in
      var total = ErrorSums()
      var place = 0
      while place < count {
        guard let entry = entries[place], !entry.range.isEmpty else { return nil }
        total.add(entry.sums)
        place = entry.range.upperBound
      }
      return total
    }
  }
}

extension QuantizedWeight {
  /// Adds errors up while codes are read, for `error()`.
  package func measureWhileRead() { tally.start() }

  /// How far the stored values are from the weight: what was seen while the codes were read, if
  /// that was asked for before, else by encoding all of it.
  package func error() throws -> WeightError {
    if let seen = tally.total(source.count) { return seen.error }
    var sums = ErrorSums()
    try forEachPiece(in: 0..<source.count) { sums.add($0, self) }
    return sums.error
  }

  /// `forEachPiece` that keeps account of errors where that was asked for.
  func forEachMeasuredPiece(
    in range: Range<Int>, _ body: (EncodedPiece) throws -> Void
  ) throws {
    guard tally.collects else { return try forEachPiece(in: range, body) }
    var sums = ErrorSums()
    var isWhole = true
    try forEachPiece(in: range) { piece in
      // A tile that cuts blocks would count some elements twice.
      isWhole = isWhole && piece.covered == piece.wanted
      if isWhole { sums.add(piece, self) }
      try body(piece)
    }
    if isWhole { tally.add(range, sums) }
  }

  /// The values that the codes of a piece stand for.
  private func decode(_ piece: EncodedPiece, into floats: UnsafeMutablePointer<Float>) {
    let stride = piece.columns * piece.inner
    mpk_decode(
      piece.codes, piece.rows, piece.columns, piece.inner, stride, piece.parameters.scales,
      piece.parameters.zeros, kernelScheme, floats, stride)
  }

  /// The values that the weight has once it is quantized, in float32, for `range` of its elements.
  package func decoded(_ range: Range<Int>) throws -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(range.count)
    try forEachPiece(in: range) { piece in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: piece.covered.count) { buffer in
        guard let floats = buffer.baseAddress else { return }
        decode(piece, into: floats)
        let skipped = piece.wanted.lowerBound - piece.covered.lowerBound
        result += UnsafeBufferPointer(start: floats + skipped, count: piece.wanted.count)
      }
    }
    return result
  }
}
