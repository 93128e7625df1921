// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

extension CKernelsTests {
  @Suite struct Palette {
    /// Distributions of float16 values that clusters are searched in.
    enum Kind: CaseIterable {
      case normal, integers, wide, offset, denormal, lumpy
    }

    private func sample(_ kind: Kind, _ count: Int, _ seed: UInt64) -> (
      values: [Double], weights: [Double]
    ) {
      var random = Random(state: seed)
      var found: [Double: Double] = [:]
      for _ in 0..<count {
        let x =
          switch kind {
          case .normal: (random.unit() + random.unit() + random.unit() - 1.5) * 0.05
          case .integers: (random.unit() * 30).rounded(.down)
          case .wide: (random.unit() - 0.5) / (random.unit() * random.unit() + 1e-4)
          case .offset: 1000 + (random.unit() * 40).rounded(.down) / 2
          case .denormal: (random.unit() - 0.3) * 1e-6
          case .lumpy: ((random.unit() + random.unit()) * 8).rounded(.down) / 4 - 2
          }
        found[Double(Float16(x)), default: 0] += random.unit() < 0.1 ? 3 : 1
      }
      let values = found.keys.sorted()
      return (values, values.map { found[$0] ?? 0 })
    }

    /// The squared error of a run around its rounded mean, from the definition.
    private func error(_ values: ArraySlice<Double>, _ weights: [Double]) -> Double {
      let total = values.indices.reduce(0) { $0 + weights[$1] }
      let mean = values.indices.reduce(0) { $0 + weights[$1] * values[$1] } / total
      let center = Double(Float16(mean))
      return values.indices.reduce(0) {
        $0 + weights[$1] * (values[$1] - center) * (values[$1] - center)
      }
    }

    /// The least error of every division into `k` runs.
    private func bruteForce(_ values: [Double], _ weights: [Double], _ k: Int) -> Double {
      var best = [Double](repeating: .infinity, count: values.count + 1)
      best[0] = 0
      for _ in 0..<k {
        var next = [Double](repeating: .infinity, count: values.count + 1)
        for end in 1...values.count {
          for start in 0..<end where best[start].isFinite {
            next[end] = min(next[end], best[start] + error(values[start..<end], weights))
          }
        }
        best = next
      }
      return best[values.count]
    }

    private func clusters(_ values: [Double], _ weights: [Double], _ k: Int) -> [UInt32] {
      var ends = [UInt32](repeating: 0, count: k)
      var scratch = [UInt64](repeating: 0, count: mpk_cluster_scratch(values.count) / 8 + 1)
      mpk_cluster(
        values, weights, values.count, k, Int32(MPK_CENTER_F16), &scratch, &ends)
      return ends
    }

    @Test(arguments: Kind.allCases) func clustersAreOptimal(kind: Kind) {
      for seed in 1...8 as ClosedRange<UInt64> {
        let (values, weights) = sample(kind, 10 + Int(seed) * 5, seed)
        for k in [2, 3, 8, 16] where k < values.count {
          let ends = CKernelsTests.agreed { clusters(values, weights, k) }
          var total = 0.0
          var first = 0
          for end in ends {
            #expect(Int(end) > first)
            total += error(values[first..<Int(end)], weights)
            first = Int(end)
          }
          #expect(first == values.count)
          let best = bruteForce(values, weights, k)
          #expect(total <= best * (1 + 1e-9) + 1e-30, "\(kind) \(seed) \(k)")
        }
      }
    }

    @Test func largeClustersAgree() {
      for (count, k) in [(3000, 16), (12000, 16), (12000, 256), (5000, 2)] {
        let (values, weights) = sample(.normal, count, UInt64(count + k))
        let ends = CKernelsTests.agreed { clusters(values, weights, k) }
        #expect(ends.last.map { Int($0) } == values.count)
      }
    }

    @Test func distinctHalves() {
      var counts = [UInt32](repeating: 0, count: 1 << 16)
      var values = [Double](repeating: 0, count: 1 << 16)
      var weights = values
      let x: [Float16] = [1, -2, 0, -0.0, 1, 65504, -65504, 6e-8, -6e-8, -2, -2]
      mpk_count_f16(x.map(\.bitPattern), x.count, &counts)
      let found = mpk_drain_counts_f16(&counts, &values, &weights)
      let tiny = Double(Float16(6e-8))
      #expect(Array(values[..<found]) == [-65504, -2, -tiny, 0, tiny, 1, 65504])
      #expect(Array(weights[..<found]) == [1, 3, 1, 2, 1, 2, 1])
      #expect(counts.allSatisfy { $0 == 0 })
      for strange in [Float16.infinity, -.infinity, .nan] {
        mpk_count_f16([1, strange, 2].map(\.bitPattern), 3, &counts)
        #expect(mpk_drain_counts_f16(&counts, &values, &weights) == -1)
        #expect(counts.allSatisfy { $0 == 0 })
      }
    }

    @Test func everyHalfIsDistinct() {
      let finite = (0...UInt16.max).filter { Float16(bitPattern: $0).isFinite }
      var counts = [UInt32](repeating: 0, count: 1 << 16)
      var values = [Double](repeating: 0, count: 1 << 16)
      var weights = values
      mpk_count_f16(finite, finite.count, &counts)
      let found = mpk_drain_counts_f16(&counts, &values, &weights)
      #expect(found == 63487)
      #expect(zip(values[..<found], values[1..<found]).allSatisfy { $0 < $1 })
    }

    @Test func nearestEntries() {
      var random = Random(state: 5)
      for count in [1, 3, 7, 15, 63, 255] {
        let cuts = (0..<count).map { _ in Float(random.unit()) }.sorted()
        let x = (0..<1003).map { $0 % 10 == 0 ? cuts[$0 % count] : Float(random.unit()) }
        let codes = CKernelsTests.agreed {
          var codes = [UInt8](repeating: 0, count: x.count)
          let strange = mpk_nearest(x, 0, x.count, cuts, count, &codes)
          return codes + [UInt8(strange)]
        }
        #expect(codes.map(Int.init) == x.map { value in cuts.count { $0 < value } } + [0])
        var strange = x
        strange[701] = .nan
        var sink = [UInt8](repeating: 0, count: x.count)
        #expect(mpk_nearest(strange, 0, x.count, cuts, count, &sink) == 1)
      }
    }

    @Test(arguments: [2, 4]) func nearestVectors(size: Int) {
      var random = Random(state: UInt64(size))
      let (count, entries) = (517, 16)
      let x = (0..<count * size).map { _ in Float(random.unit()) }
      var table = (0..<entries * size).map { _ in Float(random.unit()) }
      // A repeated entry: the first is taken.
      table.replaceSubrange(size * 9..<size * 10, with: table[size * 3..<size * 4])
      let codes = CKernelsTests.agreed {
        var codes = [UInt8](repeating: 0, count: count)
        var distances = [Float](repeating: 0, count: count)
        _ = mpk_nearest_vectors(x, count, size, count, table, entries, &codes, &distances)
        return codes.map(Float.init) + distances
      }
      for point in 0..<count {
        let distances = (0..<entries).map { entry -> Float in
          var sum: Float = 0
          for d in 0..<size {
            let difference = x[d * count + point] - table[entry * size + d]
            sum += difference * difference
          }
          return sum
        }
        let best = distances.min() ?? .nan
        #expect(codes[point] == Float(distances.firstIndex(of: best) ?? -1))
        #expect(codes[count + point] == best)
      }
    }
  }
}

private struct Random {
  var state: UInt64

  mutating func unit() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 11) * 0x1p-53
  }
}
