// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Finds the table of one group: is shown all of its elements, a run at a time, and then asked for
/// the entries.
protocol PaletteCollector: AnyObject {
  /// Elements in the dtype of the weight, divided by their scales if it has any: `period` scales
  /// that repeat.
  ///
  /// Throws `.notRepresentable` for infinities and NaNs, now or at the end.
  func add(_ run: UnsafeRawPointer, count: Int, scales: PeriodicScales?) throws

  /// 1 entry or more, in the dtype of the weight.
  func entries() throws -> [Float]
}

/// Scales of a run of elements, which repeat after `period` elements.
struct PeriodicScales {
  let start: UnsafePointer<Float>
  let period: Int

  /// Gives runs of `count` elements to `body` whose scales are `step` (0 or 1) apart.
  func forEachRun(
    of count: Int, _ body: (_ first: Int, _ count: Int, _ step: Int) throws -> Void
  ) rethrows {
    if period == 1 { return try body(0, count, 0) }
    for first in stride(from: 0, to: count, by: period) {
      try body(first, min(period, count - first), 1)
    }
  }
}

/// What is wrong with the elements of a group.
enum PaletteDefect: Error {
  case notFinite
  case tooManyValues(Int)
}

/// Distinct values with their weights, which k-means and the palette of the values themselves start
/// from.
class ValueCollector: PaletteCollector {
  let entryCount: Int
  let isHalf: Bool
  /// Whether the values themselves are wanted.
  private let isUnique: Bool
  let scratch = PaletteScratch.taken()

  init(entryCount: Int, isHalf: Bool, isUnique: Bool) {
    self.entryCount = entryCount
    self.isHalf = isHalf
    self.isUnique = isUnique
  }

  func add(
    _ run: UnsafeRawPointer, count: Int, scales: PeriodicScales?
  ) throws {}

  /// Moves the values, ascending, and their weights to the scratch memory; says how many they are.
  func drain() throws -> Int { 0 }

  func entries() throws -> [Float] {
    let count = try drain()
    let (values, weights) = (scratch.values.start, scratch.weights.start)
    defer { scratch.giveBack() }
    if count <= entryCount {
      return (0..<count).map { rounded(values[$0]) }
    }
    if isUnique { throw PaletteDefect.tooManyValues(count) }
    let memory = scratch.cluster.room(mpk_cluster_scratch(count) / 8 + 1)
    return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: entryCount) { ends in
      guard let ends = ends.baseAddress else { return [] }
      let precision = isHalf ? MPK_CENTER_F16 : MPK_CENTER_F32
      mpk_cluster(
        values, weights, count, entryCount, Int32(precision), memory, ends)
      var first = 0
      return (0..<entryCount).map { run in
        let last = Int(ends[run])
        defer { first = last }
        return mean(values, weights, first..<last)
      }
    }
  }

  private func mean(
    _ values: UnsafePointer<Double>, _ weights: UnsafePointer<Double>, _ run: Range<Int>
  ) -> Float {
    var (sum, total) = (0.0, 0.0)
    for place in run {
      sum += weights[place] * values[place]
      total += weights[place]
    }
    return rounded(sum / total)
  }

  private func rounded(_ value: Double) -> Float { isHalf ? Float(Float16(value)) : Float(value) }
}

/// Values of float16: at most 63,488 distinct ones.
final class HalfCollector: ValueCollector {
  private var isWeighted = false

  override func add(
    _ run: UnsafeRawPointer, count: Int, scales: PeriodicScales?
  ) {
    let elements = run.assumingMemoryBound(to: UInt16.self)
    if let scales {
      isWeighted = true
      scales.forEachRun(of: count) { first, count, step in
        mpk_weigh_f16(elements + first, count, scales.start, step, scratch.sums.start)
      }
    } else {
      mpk_count_f16(elements, count, scratch.counts.start)
    }
  }

  override func drain() throws -> Int {
    let (values, weights) = (scratch.values.room(1 << 16), scratch.weights.room(1 << 16))
    let count =
      isWeighted
      ? mpk_drain_sums_f16(scratch.sums.start, values, weights)
      : mpk_drain_counts_f16(scratch.counts.start, values, weights)
    guard count >= 0 else { throw PaletteDefect.notFinite }
    return count
  }
}

/// Values of float32, all of them kept.
final class SingleCollector: ValueCollector {
  /// The most elements that this is for.
  static let limit = 1 << 20

  private var kept: [UInt64] = []

  override func add(
    _ run: UnsafeRawPointer, count: Int, scales: PeriodicScales?
  ) throws {
    let elements = run.assumingMemoryBound(to: Float.self)
    let old = kept.count
    var strange: Int32 = 0
    kept.append(contentsOf: repeatElement(0, count: count))
    kept.withUnsafeMutableBufferPointer { kept in
      guard let start = kept.baseAddress else { return }
      guard let scales else {
        strange = mpk_entries_f32(elements, count, nil, 0, start + old)
        return
      }
      scales.forEachRun(of: count) { first, count, step in
        strange |= mpk_entries_f32(
          elements + first, count, scales.start, step, start + old + first)
      }
    }
    if strange != 0 { throw PaletteDefect.notFinite }
  }

  override func drain() throws -> Int {
    let count = kept.count
    let (values, weights) = (scratch.values.room(count), scratch.weights.room(count))
    let sorting = scratch.cluster.room(count)
    return kept.withUnsafeMutableBufferPointer {
      mpk_drain_entries_f32($0.baseAddress, sorting, count, values, weights)
    }
  }
}

/// Values of float32 that agree in 20 bits are taken for their mean.
final class BucketCollector: ValueCollector {
  override func add(
    _ run: UnsafeRawPointer, count: Int, scales: PeriodicScales?
  ) throws {
    let elements = run.assumingMemoryBound(to: Float.self)
    let (weights, moments) = (scratch.bucketWeights.start, scratch.bucketMoments.start)
    var strange: Int32 = 0
    if let scales {
      scales.forEachRun(of: count) { first, count, step in
        strange |= mpk_bucket_f32(elements + first, count, scales.start, step, weights, moments)
      }
    } else {
      strange = mpk_bucket_f32(elements, count, nil, 0, weights, moments)
    }
    if strange != 0 { throw PaletteDefect.notFinite }
  }

  override func drain() -> Int {
    let room = 1 << MPK_BUCKET_BITS
    return mpk_drain_buckets_f32(
      scratch.bucketWeights.start, scratch.bucketMoments.start, scratch.values.room(room),
      scratch.weights.room(room))
  }
}

/// The distinct values of float32 while they are few enough.
final class DistinctCollector: PaletteCollector {
  private let limit: Int
  private var values: Set<Float> = []

  init(limit: Int) { self.limit = limit }

  func add(
    _ run: UnsafeRawPointer, count: Int, scales: PeriodicScales?
  ) throws {
    let elements = UnsafeBufferPointer(
      start: run.assumingMemoryBound(to: Float.self), count: count)
    var last: Float?
    for value in elements where value != last {
      guard value.isFinite else { throw PaletteDefect.notFinite }
      values.insert(value)
      last = value
      if values.count > limit { throw PaletteDefect.tooManyValues(values.count) }
    }
  }

  func entries() -> [Float] { values.map { $0 == 0 ? 0 : $0 }.sorted() }
}

/// The smallest and the largest value, and what lies evenly between them.
final class RangeCollector: PaletteCollector {
  private let entryCount: Int
  private let isHalf: Bool
  private var low = Float.infinity
  private var high = -Float.infinity

  init(entryCount: Int, isHalf: Bool) {
    self.entryCount = entryCount
    self.isHalf = isHalf
  }

  func add(
    _ run: UnsafeRawPointer, count: Int, scales: PeriodicScales?
  ) throws {
    if mpk_block_range(run, isHalf ? 1 : 0, 1, 1, count, 0, &low, &high) != 0 {
      throw PaletteDefect.notFinite
    }
  }

  func entries() -> [Float] {
    let (first, last) = (Double(low), Double(high))
    return (0..<entryCount).map { place in
      let value = first + (last - first) * Double(place) / Double(entryCount - 1)
      return isHalf ? Float(Float16(value)) : Float(value)
    }
  }
}

/// A table that is given already.
final class GivenCollector: PaletteCollector {
  private let table: [Float]

  init(_ table: [Float], isHalf: Bool) {
    self.table = table.map { isHalf ? Float(Float16($0)) : $0 }
  }

  func add(_ run: UnsafeRawPointer, count: Int, scales: PeriodicScales?) {}
  func entries() -> [Float] { table }
}
