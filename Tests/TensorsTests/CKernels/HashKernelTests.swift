// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

extension CKernelsTests {
  @Suite struct Hashing {
    private func hash(_ parts: [ArraySlice<UInt8>]) -> [UInt64] {
      var state = mpk_hash()
      mpk_hash_init(&state)
      for part in parts {
        part.withUnsafeBytes { mpk_hash_update(&state, $0.baseAddress, $0.count) }
      }
      var result: [UInt64] = [0, 0]
      mpk_hash_final(&state, &result)
      return result
    }

    @Test func isTheSameOnEveryMachine() {
      #expect(hash([]) == [0xb5cf_6709_2b84_ec4f, 0x1000_37f5_4b18_f5a1])
      #expect(
        hash([Array("modelpack".utf8)[...]]) == [0x1d78_52e9_9ec9_3ba6, 0x4f06_698f_1452_0b81])
      #expect(hash([[UInt8](0...255)[...]]) == [0x3ff1_1714_0e90_2228, 0xf624_fe0b_7962_3db7])
    }

    @Test func doesNotDependOnTheCuts() {
      var numbers = Numbers(seed: 3)
      let bytes = (0..<3000).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
      let whole = hash([bytes[...]])
      for _ in 0..<100 {
        let cuts = [0] + (0..<numbers.below(30)).map { _ in numbers.below(3001) }.sorted() + [3000]
        #expect(hash(zip(cuts, cuts.dropFirst()).map { bytes[$0..<$1] }) == whole)
      }
    }

    @Test func tellsLengthsOfZerosApart() {
      let zeros = [UInt8](repeating: 0, count: 400)
      #expect(Set((0...400).map { hash([zeros[..<$0]]) }).count == 401)
    }

    @Test(arguments: [1, 8, 63, 64, 65, 300])
    func everyBitMatters(length: Int) {
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37) }
      let original = hash([bytes[...]])
      var changed = 0
      for bit in 0..<(8 * length) {
        var flipped = bytes
        flipped[bit / 8] ^= 1 << UInt8(bit % 8)
        let other = hash([flipped[...]])
        let distance =
          (other[0] ^ original[0]).nonzeroBitCount + (other[1] ^ original[1]).nonzeroBitCount
        #expect((30...98).contains(distance))
        changed += distance
      }
      let mean = Double(changed) / Double(8 * length)
      #expect(abs(mean - 64) < 8)
    }

    /// A zero word beside a changing one, which a bare product of the two would hide.
    @Test func zeroWordsHideNothing() {
      var seen = Set<[UInt64]>()
      for value in 0..<1000 {
        var stripe = [UInt8](repeating: 0, count: 64)
        stripe[8] = UInt8(value % 256)
        stripe[9] = UInt8(value / 256)
        seen.insert(hash([stripe[...]]))
      }
      #expect(seen.count == 1000)
    }
  }
}
