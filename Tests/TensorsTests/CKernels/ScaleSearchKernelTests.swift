// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

extension CKernelsTests {
  @Suite struct ScaleSearch {
    /// What quantizes to what: every kind of codes, block length and dtype.
    struct Case: Sendable, CustomTestStringConvertible {
      var bits: UInt8
      var isSigned: Bool
      var isSymmetric: Bool
      var isHalf: Bool
      var length: Int
      var isWeighted = false

      var scheme: mpk_quantization { scheme(isFull: true) }
      func scheme(isFull: Bool) -> mpk_quantization {
        mpk_quantization(
          bits: bits, is_signed: isSigned ? 1 : 0, is_symmetric: isSymmetric ? 1 : 0,
          is_half: isHalf ? 1 : 0, is_full: isFull ? 1 : 0)
      }

      var testDescription: String {
        "\(isSigned ? "int" : "uint")\(bits) \(isSymmetric ? "symmetric" : "asymmetric") "
          + "\(isHalf ? "float16" : "float32") of \(length)\(isWeighted ? " weighted" : "")"
      }
    }

    static let cases: [Case] = {
      var cases: [Case] = []
      for kind in 0..<16 {
        for length in [1, 5, 32, 60, 64, 65, 300, 1000] {
          for isWeighted in [false, true] {
            cases.append(
              Case(
                bits: kind & 1 == 0 ? 4 : 8, isSigned: kind & 2 == 0, isSymmetric: kind & 4 == 0,
                isHalf: kind & 8 == 0, length: length, isWeighted: isWeighted))
          }
        }
      }
      return cases
    }()

    private struct Found: Equatable {
      var scales: [Float]
      var zeros: [Float]
    }

    private struct Blocks {
      let elements: [UInt8]
      let values: [Float]
      let importance: [Float]?
      let count: Int
      let test: Case

      /// Heavy tails, zeros, one block of zeros, one far from zero and one of tiny numbers.
      init(_ test: Case) {
        self.test = test
        count = 11
        var numbers = Numbers(seed: UInt64(test.length) * 8 + UInt64(test.bits))
        var values = (0..<(count * test.length)).map { _ -> Float in
          let unit = numbers.unit()
          return unit * unit * unit * 0.3
        }
        for i in 0..<test.length {
          values[3 * test.length + i] = 0
          values[5 * test.length + i] += 4
          values[7 * test.length + i] *= 0x1p-20
        }
        if test.isHalf { values = values.map { Float(Float16($0)) } }
        self.values = values
        elements =
          test.isHalf
          ? values.map { Float16($0) }.withUnsafeBytes { Array($0) }
          : values.withUnsafeBytes { Array($0) }
        importance = test.isWeighted ? values.indices.map { Float($0 % 7) / 6 } : nil
      }

      var ranges: (low: [Float], high: [Float]) {
        var low = [Float](repeating: .infinity, count: count)
        var high = [Float](repeating: -.infinity, count: count)
        _ = mpk_block_range(
          elements, test.isHalf ? 1 : 0, 1, count, test.length, 0, &low, &high)
        return (low, high)
      }

      /// What the smallest and largest elements give.
      var plain: Found {
        var found = Found(
          scales: [Float](repeating: 0, count: count), zeros: [Float](repeating: 0, count: count))
        let (low, high) = ranges
        mpk_block_parameters(
          low, high, count, test.scheme(isFull: false), &found.scales, &found.zeros)
        return found
      }

      func searched() -> Found {
        var found = plain
        let (low, high) = ranges
        let half: Int32 = test.isHalf ? 1 : 0
        if let importance {
          mpk_search_blocks(
            elements, half, count, test.length, importance, test.scheme, low, high, &found.scales,
            &found.zeros)
        } else {
          mpk_search_blocks(
            elements, half, count, test.length, nil, test.scheme, low, high, &found.scales,
            &found.zeros)
        }
        return found
      }

      /// The same in pieces of a few rows of a matrix whose columns are the blocks.
      func searchedByRows() -> Found {
        let size = test.isHalf ? 2 : 4
        var turned = elements
        mpk_transpose(elements, test.length, &turned, count, count, test.length, size)
        var weights: [Float]?
        if let importance {
          var across = importance
          mpk_transpose(importance, test.length, &across, count, count, test.length, 4)
          weights = across
        }
        var found = plain
        let (low, high) = ranges
        var searches = [mpk_search](repeating: mpk_search(), count: count)
        mpk_search_begin(
          low, high, count, test.length, test.scheme, found.scales, found.zeros, &searches)
        var rounds = 0
        repeat {
          for row in stride(from: 0, to: test.length, by: 256) {
            let rows = min(256, test.length - row)
            turned.withUnsafeBytes { bytes in
              absorb(bytes.baseAddress! + row * count * size, rows, weights, row, &searches)
            }
          }
          rounds += 1
        } while mpk_search_advance(&searches, count, test.scheme) != 0
        #expect(rounds < 60)
        found.scales = searches.map(\.best_scale)
        found.zeros = searches.map(\.best_zero)
        return found
      }

      private func absorb(
        _ bytes: UnsafeRawPointer, _ rows: Int, _ weights: [Float]?, _ row: Int,
        _ searches: inout [mpk_search]
      ) {
        let half: Int32 = test.isHalf ? 1 : 0
        guard let weights else {
          return mpk_search_absorb(
            bytes, half, rows, count, 1, count, nil, test.scheme, &searches)
        }
        weights.withUnsafeBufferPointer {
          mpk_search_absorb(
            bytes, half, rows, count, 1, count, $0.baseAddress! + row * count, test.scheme,
            &searches)
        }
      }

      /// The weighted squared error of each block as it is stored.
      func errors(_ found: Found) -> [Double] {
        var codes = [UInt8](repeating: 0, count: values.count)
        var decoded = [Float](repeating: 0, count: values.count)
        mpk_encode(
          elements, test.isHalf ? 1 : 0, 1, count, test.length, values.count, found.scales,
          found.zeros, test.scheme, &codes, values.count)
        mpk_decode(
          codes, 1, count, test.length, values.count, found.scales, found.zeros, test.scheme,
          &decoded, values.count)
        return (0..<count).map { block in
          (block * test.length..<(block + 1) * test.length).reduce(0.0) { sum, i in
            let difference = Double(values[i]) - Double(decoded[i])
            return sum + difference * difference * Double(importance?[i] ?? 1)
          }
        }
      }
    }

    @Test(arguments: cases)
    func isNeverWorseThanTheExtremes(test: Case) {
      let blocks = Blocks(test)
      let found = CKernelsTests.agreed { blocks.searched() }
      #expect(found.scales.allSatisfy { $0 >= 0 && $0.isFinite })
      #expect(found.scales[3] == 0)
      let before = blocks.errors(blocks.plain)
      let after = blocks.errors(found)
      for (after, before) in zip(after, before) { #expect(after <= before * (1 + 1e-6)) }
      if test.length >= 32 { #expect(after.reduce(0, +) < before.reduce(0, +)) }
    }

    /// Blocks that are read in pieces are searched as those at hand.
    @Test(arguments: cases)
    func piecesGiveTheSame(test: Case) {
      let blocks = Blocks(test)
      let found = CKernelsTests.agreed { blocks.searchedByRows() }
      #expect(found == blocks.searched())
    }

    /// Against every float16 scale there is.
    @Test func isNearTheBestScale() {
      let test = Case(bits: 4, isSigned: true, isSymmetric: true, isHalf: true, length: 32)
      let blocks = Blocks(test)
      let found = blocks.errors(blocks.searched())
      var best = blocks.errors(blocks.plain)
      let most = blocks.plain.scales.max() ?? 0
      for bits in UInt16(1)..<0x7c00 where Float(Float16(bitPattern: bits)) < 1.3 * most {
        let scale = Float(Float16(bitPattern: bits))
        let errors = blocks.errors(
          Found(
            scales: [Float](repeating: scale, count: blocks.count),
            zeros: [Float](repeating: 0, count: blocks.count)))
        for (block, error) in errors.enumerated() { best[block] = min(best[block], error) }
      }
      for (found, best) in zip(found, best) { #expect(found <= 1.15 * best + 1e-12) }
      #expect(found.reduce(0, +) <= 1.05 * best.reduce(0, +))
    }

    @Test(arguments: cases.filter { $0.length == 60 || $0.length == 32 })
    func errorsBesideCodes(test: Case) {
      let blocks = Blocks(test)
      let found = blocks.searched()
      var codes = [UInt8](repeating: 0, count: blocks.values.count)
      var decoded = blocks.values
      let count = codes.count
      let half: Int32 = test.isHalf ? 1 : 0
      mpk_encode(
        blocks.elements, half, 1, blocks.count, test.length, count, found.scales, found.zeros,
        test.scheme, &codes, count)
      mpk_decode(
        codes, 1, blocks.count, test.length, count, found.scales, found.zeros, test.scheme,
        &decoded, count)
      var expected = mpk_error()
      mpk_accumulate_error(blocks.values, decoded, count, &expected)
      let sums = CKernelsTests.agreed { () -> [Double] in
        var error = mpk_error()
        mpk_encoding_error(
          blocks.elements, half, 1, blocks.count, test.length, count, found.scales, found.zeros,
          test.scheme, codes, count, &error)
        return [error.signal, error.noise, error.largest]
      }
      #expect(abs(sums[0] - expected.signal) <= 1e-5 * expected.signal)
      #expect(abs(sums[1] - expected.noise) <= 1e-5 * expected.noise)
      #expect(abs(sums[2] - expected.largest) <= 1e-6 * expected.largest)
    }
  }
}
