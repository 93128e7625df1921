// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

extension CKernelsTests {
  @Suite struct Packing {
    /// Sets bit by bit what the format says.
    private func packed(_ codes: [UInt8], bits: Int) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: (codes.count * bits + 7) / 8)
      for (index, code) in codes.enumerated() {
        for bit in 0..<bits where code >> bit & 1 == 1 {
          let place = index * bits + bit
          bytes[place / 8] |= 1 << UInt8(place % 8)
        }
      }
      return bytes
    }

    @Test(arguments: [1, 2, 3, 4, 6, 8], [0, 1, 5, 8, 9, 31, 64, 203])
    func packsAndUnpacks(bits: Int, count: Int) {
      var numbers = Numbers(seed: UInt64(bits * 1000 + count))
      let codes = (0..<count).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
      let mask = UInt8(truncatingIfNeeded: (1 << bits) - 1)
      let bytes = CKernelsTests.agreed {
        var bytes = [UInt8](repeating: 0xaa, count: mpk_packed_size(count, UInt32(bits)))
        mpk_pack_bits(codes, count, UInt32(bits), &bytes)
        return bytes
      }
      #expect(bytes == packed(codes, bits: bits))
      let unpacked = CKernelsTests.agreed {
        var unpacked = [UInt8](repeating: 0xaa, count: count)
        mpk_unpack_bits(bytes, count, UInt32(bits), &unpacked)
        return unpacked
      }
      #expect(unpacked == codes.map { $0 & mask })
      let signed = CKernelsTests.agreed {
        var signed = [Int8](repeating: 0, count: count)
        mpk_unpack_signed_bits(bytes, count, UInt32(bits), &signed)
        return signed
      }
      let shift = Int8(8 - bits)
      #expect(signed == codes.map { (Int8(bitPattern: $0) << shift) >> shift })
    }

    @Test func nibblesAreLowFirst() {
      var bytes: [UInt8] = [0, 0]
      mpk_pack_bits([0x1, 0xf2, 0x3], 3, 4, &bytes)
      #expect(bytes == [0x21, 0x03])
    }

    @Test func threeBitsStraddleBytes() {
      var bytes: [UInt8] = [0, 0]
      mpk_pack_bits([0, 0, 0b101], 3, 3, &bytes)
      #expect(bytes == [0b0100_0000, 0b1])
    }
  }
}
