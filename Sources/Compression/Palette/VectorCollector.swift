// SPDX-License-Identifier: Apache-2.0
import CKernels

/// k-means of vectors: k-means++ from a fixed seed, then Lloyd's iteration until it stands still.
final class VectorCollector: PaletteCollector {
  /// Vectors that are looked at, at most; of more, every so many-th.
  static let limit = 1 << 17
  /// Vectors that the first centers are chosen among, at most.
  private static let seeds = 1 << 14
  private static let rounds = 100

  private let entryCount: Int
  private let size: Int
  private let inner: Int
  private let isHalf: Bool
  private let stride: Int
  /// Vectors seen so far.
  private var seen = 0
  /// Coordinates of the vectors kept, one after another, and their weights.
  private var kept: [Float] = []
  private var weights: [Float] = []

  init(layout: PaletteLayout, entryCount: Int, isHalf: Bool) {
    self.entryCount = entryCount
    size = layout.clusterSize
    inner = layout.inner
    self.isHalf = isHalf
    let count = layout.groupElements / layout.clusterSize
    stride = (count + Self.limit - 1) / Self.limit
  }

  /// Whole units.
  func add(
    _ run: UnsafeRawPointer, count: Int, scales: PeriodicScales?
  ) throws {
    let vectors = count / size
    var next = (stride - seen % stride) % stride
    while next < vectors {
      let (unit, place) = (next / inner, next % inner)
      for coordinate in 0..<size {
        let value = element(run, (unit * size + coordinate) * inner + place)
        guard value.isFinite else { throw PaletteDefect.notFinite }
        kept.append(value)
      }
      if let scales {
        let scale = scales.start[place % scales.period]
        weights.append(min(max(scale * scale, .leastNormalMagnitude), .greatestFiniteMagnitude))
      } else {
        weights.append(1)
      }
      next += stride
    }
    seen += vectors
  }

  private func element(_ run: UnsafeRawPointer, _ place: Int) -> Float {
    isHalf
      ? Float(run.load(fromByteOffset: 2 * place, as: Float16.self))
      : run.load(fromByteOffset: 4 * place, as: Float.self)
  }

  func entries() -> [Float] {
    let points = VectorPoints(interleaved: kept, weights: weights, size: size)
    var table = VectorTable(seeding: points.thinned(to: Self.seeds), count: entryCount)
    var last = Double.infinity
    for _ in 0..<Self.rounds {
      let error = table.improve(points)
      if !(error < last * (1 - 1e-5)) { break }
      last = error
    }
    return table.entries.map { isHalf ? Float(Float16($0)) : $0 }
  }
}

/// Vectors by coordinate, as the kernel takes them.
private struct VectorPoints {
  let size: Int
  let count: Int
  /// `[size, count]`.
  var coordinates: [Float]
  var weights: [Float]

  init(interleaved: [Float], weights: [Float], size: Int) {
    self.size = size
    self.weights = weights
    count = weights.count
    coordinates = [Float](repeating: 0, count: interleaved.count)
    for point in 0..<count {
      for place in 0..<size {
        coordinates[place * count + point] = interleaved[point * size + place]
      }
    }
  }

  func point(_ index: Int) -> [Float] { (0..<size).map { coordinates[$0 * count + index] } }

  func thinned(to limit: Int) -> VectorPoints {
    if count <= limit { return self }
    let chosen = (0..<limit).map { $0 * count / limit }
    return VectorPoints(
      interleaved: chosen.flatMap { point($0) }, weights: chosen.map { weights[$0] }, size: size)
  }

  /// The nearest entry of each vector and its squared distance.
  func nearest(
    _ table: [Float], _ codes: inout [UInt8], _ distances: inout [Float]
  ) {
    _ = mpk_nearest_vectors(
      coordinates, count, size, count, table, table.count / size, &codes, &distances)
  }
}

/// Centers of clusters of vectors.
private struct VectorTable {
  private(set) var entries: [Float]
  private let size: Int

  /// k-means++: each center is drawn with the odds of its squared distance from those before, the
  /// best of a few draws is taken.
  init(seeding points: VectorPoints, count: Int) {
    size = points.size
    entries = []
    var random = SplitMix(state: 0x9E37_79B9_7F4A_7C15)
    var nearest = [Float](repeating: .infinity, count: points.count)
    var codes = [UInt8](repeating: 0, count: points.count)
    let draws = 4
    for center in 0..<count {
      let odds =
        center == 0
        ? points.weights.map(Double.init)
        : zip(points.weights, nearest).map { Double($0) * Double($1) }
      let total = odds.reduce(0, +)
      if total == 0 { break }
      var best: (error: Double, point: [Float], distances: [Float])?
      for _ in 0..<(center == 0 ? 1 : draws) {
        let point = points.point(Self.draw(odds, total * random.unit()))
        var distances = nearest
        points.nearest(point, &codes, &distances)
        var error = 0.0
        for place in distances.indices {
          distances[place] = min(distances[place], nearest[place])
          error += Double(points.weights[place]) * Double(distances[place])
        }
        if best.map({ error < $0.error }) ?? true { best = (error, point, distances) }
      }
      guard let best else { break }
      entries += best.point
      nearest = best.distances
    }
    if entries.isEmpty { entries = [Float](repeating: 0, count: size) }
  }

  private static func draw(_ odds: [Double], _ target: Double) -> Int {
    var sum = 0.0
    for (place, weight) in odds.enumerated() {
      sum += weight
      if sum > target { return place }
    }
    return odds.lastIndex { $0 > 0 } ?? 0
  }

  /// Moves every center to the mean of the vectors nearest to it, one that has none to the vector
  /// farthest from its center. Returns the error before that.
  mutating func improve(_ points: VectorPoints) -> Double {
    var codes = [UInt8](repeating: 0, count: points.count)
    var distances = [Float](repeating: 0, count: points.count)
    points.nearest(entries, &codes, &distances)
    let count = entries.count / size
    var sums = [Double](repeating: 0, count: entries.count)
    var totals = [Double](repeating: 0, count: count)
    var error = 0.0
    for point in 0..<points.count {
      let weight = Double(points.weights[point])
      let code = Int(codes[point])
      totals[code] += weight
      error += weight * Double(distances[point])
      for place in 0..<size {
        sums[code * size + place] +=
          weight * Double(points.coordinates[place * points.count + point])
      }
    }
    for center in 0..<count {
      if totals[center] > 0 {
        for place in 0..<size {
          entries[center * size + place] = Float(sums[center * size + place] / totals[center])
        }
      } else if let far = distances.indices.max(by: { distances[$0] < distances[$1] }),
        distances[far] > 0
      {
        entries.replaceSubrange((center * size)..<((center + 1) * size), with: points.point(far))
        distances[far] = 0
      }
    }
    return error
  }
}

/// Steele's SplitMix64: the same numbers on every machine.
private struct SplitMix {
  var state: UInt64

  /// In 0..<1.
  mutating func unit() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double((bits ^ (bits >> 31)) >> 11) * 0x1p-53
  }
}
