// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

extension CKernelsTests {
  @Suite struct Conversion {
    @Test func everyHalfWidensExactly() {
      let halves = (0...UInt16.max).map { $0 }
      let floats = agreed {
        var floats = [Float](repeating: 0, count: halves.count)
        mpk_f16_to_f32(halves, &floats, halves.count)
        return floats.map(\.bitPattern)
      }
      for half in halves {
        let expected = Float(Float16(bitPattern: half))
        let actual = Float(bitPattern: floats[Int(half)])
        if expected.isNaN {
          #expect(actual.isNaN && !actual.isSignalingNaN)
          #expect(actual.sign == expected.sign)
        } else {
          #expect(actual.bitPattern == expected.bitPattern)
        }
      }
    }

    /// Every half, its neighbours in float32, the midpoint to the next half, and special values.
    static let difficultFloats: [Float] = {
      var values: [Float] = [
        65519.996, 65520, -65520, 0x1p-25, 0x1.000002p-25, 0x1.8p-24, .infinity, -.infinity, 1e30,
        .leastNonzeroMagnitude, -.greatestFiniteMagnitude,
      ]
      for half in 0..<UInt16(0x7c00) {
        let value = Float(Float16(bitPattern: half))
        let next = Float(Float16(bitPattern: half + 1))
        let middle = value / 2 + (next.isFinite ? next : 65536) / 2
        for exact in [value, middle] {
          values += [exact, -exact, exact.nextUp, -exact.nextUp, exact.nextDown]
        }
      }
      return values
    }()

    @Test func narrowingRoundsToNearestEven() {
      let values = Self.difficultFloats
      let halves = agreed {
        var halves = [UInt16](repeating: 0, count: values.count)
        mpk_f32_to_f16(values, &halves, values.count)
        return halves
      }
      let wrong = zip(values, halves).filter { Float16($0).bitPattern != $1 }
      #expect(wrong.isEmpty, "\(wrong.prefix(3))")
    }

    @Test func narrowingKeepsNaNsAndTheirSign() {
      let values = [0x7fc0_0000, 0x7f80_0001, 0xffff_ffff, 0xff80_2000].map {
        Float(bitPattern: $0)
      }
      let halves = agreed {
        var halves = [UInt16](repeating: 0, count: values.count)
        mpk_f32_to_f16(values, &halves, values.count)
        return halves
      }
      #expect(halves == [0x7e00, 0x7e00, 0xffff, 0xfe01])
    }

    @Test func lossesAreCounted() {
      var values = [Float](repeating: 1, count: 5000)
      values[3] = 65520
      values[4] = .infinity
      values[5] = .nan
      values[4999] = -1e10
      values[17] = 1e-9
      values[4097] = -2e-8
      values[18] = 0
      values[19] = 1e-7
      let result = agreed {
        var halves = [UInt16](repeating: 0, count: values.count)
        var overflowed: UInt64 = 10
        var vanished: UInt64 = 20
        mpk_f32_to_f16_counted(values, &halves, values.count, &overflowed, &vanished)
        return [UInt64(halves[0]), UInt64(halves[4999]), overflowed, vanished]
      }
      #expect(result == [0x3c00, 0xfc00, 12, 22])
    }

    @Test func roundingInPlaceIsNarrowingAndWidening() {
      let values = Self.difficultFloats
      let rounded = agreed {
        var copy = values
        mpk_round_to_f16(&copy, copy.count)
        return copy
      }
      #expect(rounded == values.map { Float(Float16($0)) })
    }

    @Test func integersAndOtherFloatsWiden() {
      func widened<T>(
        _ x: [T], _ kernel: (UnsafePointer<T>?, UnsafeMutablePointer<Float>?, Int) -> Void
      )
        -> [Float]
      {
        agreed {
          var y = [Float](repeating: .nan, count: x.count)
          kernel(x, &y, x.count)
          return y
        }
      }
      #expect(widened([UInt8](0...255), mpk_u8_to_f32) == (0...255).map { Float($0) })
      #expect(widened([Int8](-128...127), mpk_i8_to_f32) == (-128...127).map { Float($0) })
      #expect(widened([0, 65535], mpk_u16_to_f32) == [0, 65535])
      #expect(widened([-32768, 32767], mpk_i16_to_f32) == [-32768, 32767])
      #expect(widened([.min, 16_777_217, .max], mpk_i32_to_f32) == [-0x1p31, 0x1p24, 0x1p31])
      #expect(
        widened([1e300, 0.1, 1 + 0x1p-24, -1e-50], mpk_f64_to_f32) == [.infinity, 0.1, 1, 0])
      #expect(widened([0x3f80, 0xff80, 0x0001], mpk_bf16_to_f32) == [1, -.infinity, 0x1p-133])
    }

    @Test func longIntegersSaturate() {
      let x: [Int64] = [
        .min, -2_147_483_649, -2_147_483_648, -1, 2_147_483_647, 2_147_483_648, .max,
      ]
      let (y, count) = agreedPair {
        var y = [Int32](repeating: 0, count: x.count)
        let count = mpk_i64_to_i32(x, &y, x.count)
        return (y, count)
      }
      #expect(y == [.min, .min, .min, -1, .max, .max, .max])
      #expect(count == 4)
    }

    private func agreedPair(_ body: () -> ([Int32], UInt64)) -> ([Int32], UInt64) {
      let all = agreed {
        let (y, count) = body()
        return y + [Int32(count)]
      }
      return (all.dropLast(), UInt64(all[all.count - 1]))
    }
  }
}

private func agreed<Result: Equatable>(
  _ body: () throws -> Result, sourceLocation: SourceLocation = #_sourceLocation
) rethrows -> Result {
  try CKernelsTests.agreed(body, sourceLocation: sourceLocation)
}
