// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

extension CKernelsTests {
  @Suite struct Reduction {
    @Test(arguments: [0, 1, 15, 16, 17, 33, 1000])
    func rangeOfNumbers(count: Int) {
      var numbers = Numbers(seed: UInt64(count))
      let x = numbers.floats(count)
      let result = CKernelsTests.agreed {
        var low: Float = 0
        var high: Float = 0
        var magnitude: Float = 0
        let nan = mpk_min_max(x, count, &low, &high) | mpk_abs_max(x, count, &magnitude)
        return [low, high, magnitude, Float(nan)]
      }
      #expect(result[0] == x.min() ?? .infinity)
      #expect(result[1] == x.max() ?? -.infinity)
      #expect(result[2] == x.map(abs).max() ?? 0)
      #expect(result[3] == 0)
    }

    @Test(arguments: [0, 16, 36])
    func nansAreReportedAndLeftOut(place: Int) {
      var x = (0..<37).map { Float($0) - 30 }
      x[place] = .nan
      let left = x.filter { !$0.isNaN }
      let result = CKernelsTests.agreed {
        var low: Float = 0
        var high: Float = 0
        var magnitude: Float = 0
        let first = mpk_min_max(x, x.count, &low, &high)
        let second = mpk_abs_max(x, x.count, &magnitude)
        return [low, high, magnitude, Float(first), Float(second)]
      }
      #expect(result == [left.min(), left.max(), left.map(abs).max(), 1, 1])
    }

    @Test func sumIsInDoublePrecision() {
      var x = [Float](repeating: 1e-8, count: 100_003)
      x[0] = 1e8
      let sum = CKernelsTests.agreed { mpk_sum(x, x.count) }
      #expect(abs(sum - (1e8 + 100_002 * Double(Float(1e-8)))) < 1e-4)
    }

    @Test func errorsAccumulate() {
      let x: [Float] = (0..<19).map { Float($0) }
      let y = x.map { $0 == 18 ? 15 : $0 + 1 }
      let result = CKernelsTests.agreed {
        var error = mpk_error(signal: 1, noise: 2, largest: 0.5)
        mpk_accumulate_error(x, y, x.count, &error)
        return [error.signal, error.noise, error.largest]
      }
      #expect(result == [1 + 2109, 2 + 18 + 9, 3])
    }

    @Test func bytesAreCounted() {
      let bytes = (0..<1000).map { UInt8($0 % 251) }
      #expect(CKernelsTests.agreed { mpk_count_bytes(bytes, bytes.count, 0, 250) } == 4 + 3)
    }

    @Test(arguments: [1, 7, 16, 100])
    func softmaxOfRows(columns: Int) {
      var numbers = Numbers(seed: 5)
      let x = numbers.floats(3 * columns).map { $0 * 20 }
      let y = CKernelsTests.agreed {
        var y = [Float](repeating: 0, count: x.count)
        mpk_softmax_rows(x, &y, 3, columns)
        return y
      }
      for row in 0..<3 {
        let values = x[(row * columns)..<((row + 1) * columns)].map(Double.init)
        let peak = values.max() ?? 0
        let exponentials = values.map { naturalExponential($0 - peak) }
        let total = exponentials.reduce(0, +)
        for column in 0..<columns {
          let expected = exponentials[column] / total
          let tolerance = expected * 5e-6 + 1e-40
          #expect(abs(Double(y[row * columns + column]) - expected) <= tolerance)
        }
      }
    }

    @Test func softmaxOfMaskedRows() {
      var y: [Float] = [-.infinity, 0, -200, -.infinity, -.infinity, -.infinity, .nan, 0, 0]
      mpk_softmax_rows(y, &y, 3, 3)
      #expect(Array(y[0..<3]) == [0, 1, 0])
      #expect(y[3...].allSatisfy { $0.isNaN })
    }

    /// A series, which needs no library.
    private func naturalExponential(_ x: Double) -> Double {
      var term = 1.0
      var sum = 1.0
      for k in 1..<30 {
        term *= x / 64 / Double(k)
        sum += term
      }
      for _ in 0..<6 { sum *= sum }
      return sum
    }
  }
}
