// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

extension CKernelsTests {
  @Suite struct Decoding {
    @Test(arguments: [1, 3, 32, 100], [0, 1, 2, 40, 203])
    func shiftsAndScales(inner: Int, count: Int) {
      var numbers = Numbers(seed: UInt64(inner * 1000 + count))
      let phase = numbers.below(inner)
      let blocks = (phase + count + inner - 1) / inner + 1
      let x = numbers.floats(count)
      let (scales, offsets) = (numbers.floats(blocks), numbers.floats(blocks))
      for (offset, rounds) in [(false, false), (true, false), (true, true)] {
        let found = CKernelsTests.agreed {
          var y = [Float](repeating: 9, count: count)
          if offset {
            mpk_shift_scale(x, count, phase, inner, scales, offsets, rounds ? 1 : 0, &y)
          } else {
            mpk_shift_scale(x, count, phase, inner, scales, nil, 0, &y)
          }
          return y.map(\.bitPattern)
        }
        let expected = (0..<count).map { i -> UInt32 in
          let block = (phase + i) / inner
          let difference = offset ? x[i] - offsets[block] : x[i]
          return ((rounds ? Float(Float16(difference)) : difference) * scales[block]).bitPattern
        }
        #expect(found == expected)
      }
    }

    @Test(arguments: [1, 2, 4], [(1, 1), (1, 3), (4, 1), (2, 2)])
    func looksUp(size: Int, strides: (table: Int, result: Int)) {
      var numbers = Numbers(seed: UInt64(size * 10 + strides.table))
      let table = (0..<(200 * strides.table * size)).map { _ in
        UInt8(truncatingIfNeeded: numbers.next())
      }
      let indices = (0..<77).map { _ in UInt8(numbers.below(200)) }
      let length = 77 * strides.result * size
      let found = CKernelsTests.agreed {
        var y = [UInt8](repeating: 0xAA, count: length)
        let status = mpk_lookup(
          indices, 77, table, 200, strides.table, size, &y, strides.result)
        #expect(status == 0)
        return y
      }
      var expected = [UInt8](repeating: 0xAA, count: length)
      for (place, index) in indices.enumerated() {
        for byte in 0..<size {
          expected[place * strides.result * size + byte] =
            table[Int(index) * strides.table * size + byte]
        }
      }
      #expect(found == expected)
      var y = [UInt8](repeating: 0xAA, count: length)
      #expect(mpk_lookup([0, 199, 200], 3, table, 200, 1, size, &y, 1) == -1)
      #expect(y.allSatisfy { $0 == 0xAA })
    }

    @Test(arguments: [1, 2, 4, 8], [0, 1, 9, 100])
    func spreadsCollectsAndKeeps(size: Int, count: Int) {
      var numbers = Numbers(seed: UInt64(size * 1000 + count))
      let mask = (0..<count).map { _ in UInt8(numbers.below(3)) }
      let ones = mask.count { $0 != 0 }
      let values = (0..<(ones * size)).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
      var dense = [UInt8](repeating: 0xAA, count: count * size)
      #expect(mpk_spread(mask, count, values, size, &dense) == ones)
      var expected: [UInt8] = []
      var next = 0
      for bit in mask {
        expected += bit != 0 ? values[next..<(next + size)] : .init(repeating: 0, count: size)[...]
        if bit != 0 { next += size }
      }
      #expect(dense == expected)
      let other = (0..<(count * size)).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
      var collected = [UInt8](repeating: 0, count: count * size)
      #expect(mpk_collect(mask, count, other, size, &collected) == ones)
      let kept = CKernelsTests.agreed {
        var kept = other
        mpk_keep(mask, count, size, &kept)
        return kept
      }
      var again = [UInt8](repeating: 0xAA, count: count * size)
      #expect(mpk_spread(mask, count, collected, size, &again) == ones)
      #expect(kept == again)
    }
  }
}
