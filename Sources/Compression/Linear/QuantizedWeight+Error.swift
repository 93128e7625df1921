// SPDX-License-Identifier: Apache-2.0
import CKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What encoding parts of a weight did to their elements.
private struct ErrorSums {
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

  var error: WeightError {
    let ratio = sums.noise == 0 ? Double.infinity : sums.signal / sums.noise
    return WeightError(
      decibels: 10 * log10(ratio), largest: sums.largest,
      saturated: Double(ends) / Double(max(1, count)))
  }
}

extension QuantizedWeight {
  /// How far the stored values are from the weight. Encodes all of it.
  package func error() throws -> WeightError {
    var sums = ErrorSums()
    try forEachPiece(in: 0..<source.count) { sums.add($0, self) }
    return sums.error
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
