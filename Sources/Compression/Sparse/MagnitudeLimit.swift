// SPDX-License-Identifier: Apache-2.0
import CKernels
import Tensors

/// Magnitudes counted by value, which says how large the smallest of them are whatever their number.
///
/// Magnitudes travel as the bits of an absolute value: float16 in 15 bits, float32 in 31.
struct MagnitudeHistogram {
  let isHalf: Bool
  /// float16: by magnitude. float32: by the upper 15 bits.
  private(set) var bins = [UInt64](repeating: 0, count: 1 << 15)

  init(isHalf: Bool) { self.isHalf = isHalf }

  init(_ parts: [MagnitudeHistogram], isHalf: Bool) {
    self.isHalf = isHalf
    for part in parts {
      for place in bins.indices { bins[place] += part.bins[place] }
    }
  }

  /// Counts `count` elements of a weight, each `weight` times.
  mutating func add(_ elements: UnsafeRawPointer, _ count: Int, weight: Int = 1) {
    mpk_count_magnitudes(elements, isHalf ? 1 : 0, count, -1, UInt64(weight), &bins)
  }

  var total: Int { bins.reduce(0) { $0 + Int($1) } }
  /// Those below the magnitude `limit`; of float32 those with smaller upper bits.
  func total(below limit: Int) -> Int { bins[..<limit].reduce(0) { $0 + Int($1) } }

  /// The bin of the magnitude at `place` of all in order, and the number in bins before it.
  func bin(at place: Int) -> (bin: Int, before: Int) { Self.bin(at: place, bins) }

  static func bin(at place: Int, _ bins: [UInt64]) -> (bin: Int, before: Int) {
    var before = 0
    for (bin, count) in bins.enumerated() {
      if before + Int(count) > place { return (bin, before) }
      before += Int(count)
    }
    return (bins.count - 1, before)
  }
}

/// Where numpy's `percentile` lies between two of the sorted magnitudes.
struct PercentilePlace {
  let lower: Int
  let upper: Int
  let fraction: Double

  /// C1: `count` is at least 1. `percent` is from 0 to 100.
  init(count: Int, percent: Double) {
    let place = Double(count - 1) * (percent / 100)
    if place >= Double(count - 1) {
      lower = count - 1
      upper = lower
      // Numpy counts from the end there.
      fraction = place + 1
    } else {
      lower = Int(place)
      upper = lower + 1
      fraction = place - Double(lower)
    }
  }

  /// The value between `low` and `high`, each step rounded to `Element`.
  func interpolated<Element: BinaryFloatingPoint>(_ low: Element, _ high: Element) -> Element {
    let difference = high - low
    if fraction >= 0.5 { return high - difference * Element(1 - fraction) }
    return low + difference * Element(fraction)
  }
}

/// The magnitude, as bits, up to which elements are dropped.
enum MagnitudeLimit {
  /// What every element is below.
  static let everything: UInt32 = 0x7FFF_FFFF

  /// `limit` rounded to the dtype of the weight.
  static func bits(_ limit: Double, isHalf: Bool) -> UInt32 {
    isHalf ? UInt32(Float16(limit).bitPattern) : Float(limit).bitPattern
  }

  /// The limit for a share of the elements, from their magnitudes; `refine` counts the lower 16 bits
  /// of those whose upper bits it is given. `nil`, which drops nothing, where there is a NaN among
  /// them or the limit would be one.
  static func bits(
    share: Double, _ histogram: MagnitudeHistogram, refine: (_ upper: Int) throws -> [UInt64]
  ) throws -> UInt32? {
    let percent = share * 100
    let total = histogram.total
    if percent == 100 { return everything }
    if percent == 0 || total == 0 { return nil }
    let place = PercentilePlace(count: total, percent: percent)
    let low = histogram.bin(at: place.lower)
    let high = histogram.bin(at: place.upper)
    if histogram.isHalf {
      let infinity = Int(Float16.infinity.bitPattern)
      if histogram.total(below: infinity + 1) < total { return nil }
      let found = place.interpolated(
        Float16(bitPattern: UInt16(low.bin)), Float16(bitPattern: UInt16(high.bin)))
      return found.isNaN ? nil : UInt32(found.bitPattern)
    }
    if try holdsNaN(histogram, refine) { return nil }
    let lowBits = try exact(low, place.lower, refine)
    let highBits = try exact(high, place.upper, refine)
    let found = place.interpolated(Float(bitPattern: lowBits), Float(bitPattern: highBits))
    return found.isNaN ? nil : found.bitPattern
  }

  private static func holdsNaN(
    _ histogram: MagnitudeHistogram, _ refine: (_ upper: Int) throws -> [UInt64]
  ) throws -> Bool {
    let infinity = Int(Float.infinity.bitPattern >> 16)
    if histogram.total(below: infinity) == histogram.total { return false }
    if histogram.total(below: infinity + 1) < histogram.total { return true }
    return try refine(infinity)[1...].contains { $0 > 0 }
  }

  private static func exact(
    _ found: (bin: Int, before: Int), _ place: Int, _ refine: (_ upper: Int) throws -> [UInt64]
  ) throws -> UInt32 {
    let lower = MagnitudeHistogram.bin(at: place - found.before, try refine(found.bin))
    return UInt32(found.bin) << 16 | UInt32(lower.bin)
  }
}
