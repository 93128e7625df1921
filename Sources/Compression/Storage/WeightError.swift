// SPDX-License-Identifier: Apache-2.0
import CKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How far a quantized weight is from the original.
package struct WeightError: Hashable, Sendable {
  /// Signal to noise in decibels; infinite where nothing is lost.
  package let decibels: Double
  /// The largest difference of an element.
  package let largest: Double
  /// The share of codes at either end of the range, 0 to 1.
  package let saturated: Double
}

extension QuantizedWeight {
  /// Encodes and decodes the whole weight, a tile at a time, and compares.
  package func error() throws -> WeightError {
    var sums = mpk_error()
    var ends: UInt64 = 0
    let codes = scheme.codes
    let low = UInt8(truncatingIfNeeded: codes.lowerBound)
    let high = UInt8(truncatingIfNeeded: codes.upperBound)
    try forEachPiece(in: 0..<source.count) { piece in
      ends += mpk_count_bytes(piece.codes, piece.covered.count, low, high)
      compare(piece, &sums)
    }
    let ratio = sums.noise == 0 ? Double.infinity : sums.signal / sums.noise
    return WeightError(
      decibels: 10 * log10(ratio), largest: sums.largest,
      saturated: Double(ends) / Double(max(1, source.count)))
  }

  private func compare(_ piece: EncodedPiece, _ sums: inout mpk_error) {
    let count = piece.covered.count
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * count) { buffer in
      guard let decoded = buffer.baseAddress else { return }
      let original = decoded + count
      decode(piece, into: decoded)
      if isHalf {
        mpk_f16_to_f32(piece.elements.assumingMemoryBound(to: UInt16.self), original, count)
      } else {
        original.initialize(from: piece.elements.assumingMemoryBound(to: Float.self), count: count)
      }
      mpk_accumulate_error(original, decoded, count, &sums)
    }
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
