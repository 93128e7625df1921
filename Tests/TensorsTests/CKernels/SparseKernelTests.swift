// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

extension CKernelsTests {
  @Suite struct Sparse {
    private func halves(_ count: Int) -> [UInt16] {
      var numbers = Numbers(seed: UInt64(count + 1))
      return (0..<count).map { _ in UInt16(truncatingIfNeeded: numbers.next()) }
    }

    private func mask(_ flags: [Bool]) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: (flags.count + 7) / 8)
      for (place, flag) in flags.enumerated() where flag { bytes[place / 8] |= 1 << (place % 8) }
      return bytes
    }

    @Test(arguments: [0, 1, 7, 8, 63, 64, 65, 1000])
    func masksAboveALimit(count: Int) {
      let x = halves(count)
      let y = x.map { UInt32($0) << 16 | 0x1234 }
      for limit: UInt32 in [0, 0x3800, 0x7BFF, 0x7C00, 0x7FFF] {
        let expected = mask(x.map { $0 & 0x7FFF > limit })
        let found = CKernelsTests.agreed {
          var bytes = [UInt8](repeating: 0xAA, count: (count + 7) / 8)
          mpk_keep_above(x, 1, count, limit, &bytes)
          return bytes
        }
        #expect(found == expected)
        let wide = CKernelsTests.agreed {
          var bytes = [UInt8](repeating: 0xAA, count: (count + 7) / 8)
          mpk_keep_above(y, 0, count, limit << 16 | 0xFFFF, &bytes)
          return bytes
        }
        #expect(wide == expected)
        let ones = CKernelsTests.agreed { mpk_count_bits(found, found.count) }
        #expect(Int(ones) == expected.reduce(0) { $0 + $1.nonzeroBitCount })
      }
    }

    @Test(arguments: [0, 1, 9, 64, 129])
    func compactsAndClears(count: Int) {
      let x = halves(count)
      let flags = x.map { $0 % 3 == 0 }
      let bits = mask(flags)
      var kept = [UInt16](repeating: 0, count: count)
      #expect(mpk_compact(x, 2, bits, count, &kept) == flags.count { $0 })
      #expect(Array(kept.prefix(flags.count { $0 })) == zip(x, flags).filter(\.1).map(\.0))
      let cleared = CKernelsTests.agreed {
        var y = x
        mpk_clear_unkept(&y, 2, bits, count)
        return y
      }
      #expect(cleared == zip(x, flags).map { $1 ? $0 : 0 })
    }

    @Test func countsMagnitudes() {
      let x: [UInt16] = [0, 0x8000, 1, 0x8001, 0x7C00, 0xFE00]
      var bins = [UInt64](repeating: 0, count: 1 << 15)
      mpk_count_magnitudes(x, 1, x.count, -1, 3, &bins)
      #expect([0, 1, 0x7C00, 0x7E00].map { bins[$0] } == [6, 6, 3, 3])
      #expect(bins.reduce(0, +) == 18)
      let y: [Float] = [1, -1, 1.5, 1 + 0x1p-20]
      bins = [UInt64](repeating: 0, count: 1 << 15)
      mpk_count_magnitudes(y, 0, y.count, -1, 1, &bins)
      #expect(bins[0x3F80] == 3 && bins[0x3FC0] == 1)
      var lower = [UInt64](repeating: 0, count: 1 << 16)
      mpk_count_magnitudes(y, 0, y.count, 0x3F80, 1, &lower)
      #expect(lower[0] == 2 && lower[8] == 1 && lower.reduce(0, +) == 3)
    }

    /// Ranks every element of a group from the definition.
    private func pattern(_ x: [UInt16], _ group: Int, _ zeros: Int) -> [UInt8] {
      x.indices.map { place in
        let first = place / group * group
        let own = min(x[place] & 0x7FFF, 0x7C01)
        let smaller = (first..<first + group).count { other in
          let key = min(x[other] & 0x7FFF, 0x7C01)
          return key < own || key == own && other < place
        }
        return smaller >= zeros && own != 0 ? 1 : 0
      }
    }

    @Test(arguments: [1, 2, 4, 5, 8, 16, 17, 64])
    func dropsTheSmallestOfAGroup(group: Int) {
      var numbers = Numbers(seed: UInt64(group))
      let x = (0..<(group * 40)).map { _ in UInt16(numbers.below(9)) << 12 | 0x8000 }
      for zeros in Set([0, 1, group / 2, group]) {
        let found = CKernelsTests.agreed {
          var keys = [UInt64](repeating: 0, count: group)
          var flags = [UInt8](repeating: 9, count: x.count)
          mpk_keep_pattern(x, 1, 40, group, 1, group, zeros, &keys, &flags)
          return flags
        }
        #expect(found == pattern(x, group, zeros))
      }
    }

    @Test func normsAreTheSameOnEveryLevel() {
      var numbers = Numbers(seed: 8)
      let x = numbers.floats(6 * 40)
      let half = x.map { Float16($0 * 300).bitPattern }
      let single = CKernelsTests.agreed {
        var norms = [Float](repeating: -1, count: 2 * 40)
        mpk_block_norms(x, 0, 2, 3, 40, &norms)
        return norms
      }
      for unit in 0..<2 {
        for column in 0..<40 {
          var sum: Float = 0
          for channel in 0..<3 {
            let value = x[(unit * 3 + channel) * 40 + column]
            sum += value * value
          }
          #expect(single[unit * 40 + column] == sum.squareRoot())
        }
      }
      let halves = CKernelsTests.agreed {
        var norms = [UInt16](repeating: 0xFFFF, count: 2 * 40)
        mpk_block_norms(half, 1, 2, 3, 40, &norms)
        return norms
      }
      for column in 0..<40 {
        var sum: Float16 = 0
        for channel in 0..<3 {
          let value = Float16(bitPattern: half[channel * 40 + column])
          sum += value * value
        }
        #expect(halves[column] == sum.squareRoot().bitPattern)
      }
    }

    @Test func runsAreAddedInPairs() {
      let x: [Float] = [3, 4, 0, 0, 0, 0, 0, 0]
      var norm: Float = 0
      mpk_run_norms(x, 0, 1, 2, 8, &norm)
      #expect(norm == 5)
      // 2^-24 is lost when it is added to 1 alone, and kept where it meets its like first.
      let small = Float(0x1p-12)
      let y: [Float] = [1] + [Float](repeating: small, count: 15)
      mpk_run_norms(y, 0, 1, 16, 16, &norm)
      #expect(norm == (1 + 14 * small * small).squareRoot())
    }
  }
}
