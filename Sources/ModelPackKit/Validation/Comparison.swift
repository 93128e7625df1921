// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How far a tensor is from what it should be.
public struct Comparison: Hashable, Sendable {
  /// The largest difference of an element; infinite where only one of the two is a number.
  public var largestError: Double
  /// The largest difference over the range of the expected values; of integers the share that
  /// differs.
  public var relativeError: Double
  /// Signal to noise in decibels; infinite where nothing differs.
  public var decibels: Double
  /// The share of rows along the last axis whose largest element is at the same place; nil for
  /// integers and rows of one element.
  public var topAgreement: Double?
}

extension Comparison {
  /// Compares tensors of equal shape; nil where the shapes differ.
  public init?(expected: MultiArray, actual: MultiArray) {
    guard expected.shape == actual.shape,
      (expected.elementType == .string) == (actual.elementType == .string)
    else { return nil }
    if expected.elementType == .string {
      // Strings are equal or not.
      let different = zip(expected.strings, actual.strings).count { $0 != $1 }
      largestError = different == 0 ? 0 : 1
      relativeError = Double(different) / Double(max(1, expected.strings.count))
      decibels = different == 0 ? .infinity : 0
      topAgreement = nil
      return
    }
    let (x, y) = (expected.doubles, actual.doubles)
    var sums = Sums()
    for (a, b) in zip(x, y) { sums.add(a, b) }
    largestError = sums.largest
    let isInteger = !expected.elementType.dtype.isFloat
    relativeError =
      isInteger ? Double(sums.different) / Double(max(1, x.count)) : sums.relative
    decibels = sums.decibels
    topAgreement = isInteger ? nil : Self.topAgreement(x, y, row: expected.shape.last ?? 1)
  }

  private struct Sums {
    var largest = 0.0
    var signal = 0.0
    var noise = 0.0
    var low = Double.infinity
    var high = -Double.infinity
    var different = 0

    mutating func add(_ a: Double, _ b: Double) {
      if a == b || a.isNaN && b.isNaN {
        note(a)
        return
      }
      different += 1
      guard a.isFinite, b.isFinite else {
        (largest, noise) = (.infinity, .infinity)
        return
      }
      note(a)
      largest = max(largest, abs(a - b))
      noise += (a - b) * (a - b)
    }

    private mutating func note(_ a: Double) {
      guard a.isFinite else { return }
      signal += a * a
      low = min(low, a)
      high = max(high, a)
    }

    /// Over the range, or over the magnitude where all are equal.
    var relative: Double {
      if largest == 0 { return 0 }
      let span = high > low ? high - low : max(abs(high), abs(low))
      return span > 0 && span.isFinite ? largest / span : largest
    }

    var decibels: Double { noise == 0 ? .infinity : 10 * log10(signal / noise) }
  }

  private static func topAgreement(_ x: [Double], _ y: [Double], row: Int) -> Double? {
    guard row > 1, !x.isEmpty else { return nil }
    var equal = 0
    for start in stride(from: 0, to: x.count, by: row) {
      let a = x[start..<(start + row)]
      let b = y[start..<(start + row)]
      let (best, found) = (a.top, b.top)
      // A tie has several tops.
      if best == found || a[found] == a[best] { equal += 1 }
    }
    return Double(equal) / Double(x.count / row)
  }
}

extension ArraySlice<Double> {
  /// The place of the largest element, the first of several.
  fileprivate var top: Int {
    var best = startIndex
    for index in indices where self[index] > self[best] || self[best].isNaN { best = index }
    return best
  }
}
