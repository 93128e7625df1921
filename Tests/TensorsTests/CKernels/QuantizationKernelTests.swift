// SPDX-License-Identifier: Apache-2.0
import CKernels
import TestSupport
import Testing

extension CKernelsTests {
  @Suite struct Quantization {
    /// The results of the kernels for a whole array.
    struct Encoded: Equatable {
      var scales: [Float]
      var zeros: [Float]
      var codes: [UInt8]
      var decoded: [UInt32]
      var isFinite: Bool
    }

    /// Encodes `x[rows][columns][inner]`; the blocks are the columns.
    private func encode(
      _ bytes: [UInt8], isHalf: Bool, rows: Int, columns: Int, inner: Int, scheme: mpk_quantization
    ) -> Encoded {
      let stride = columns * inner
      let half: Int32 = isHalf ? 1 : 0
      var low = [Float](repeating: .infinity, count: columns)
      var high = [Float](repeating: -.infinity, count: columns)
      var scales = [Float](repeating: 0, count: columns)
      var zeros = scales
      var codes = [UInt8](repeating: 0, count: rows * stride)
      var decoded = [Float](repeating: 0, count: rows * stride)
      let strange = mpk_block_range(bytes, half, rows, columns, inner, stride, &low, &high)
      mpk_block_parameters(low, high, columns, scheme, &scales, &zeros)
      mpk_encode(
        bytes, half, rows, columns, inner, stride, scales, zeros, scheme, &codes, stride)
      mpk_decode(codes, rows, columns, inner, stride, scales, zeros, scheme, &decoded, stride)
      return Encoded(
        scales: scales, zeros: zeros, codes: codes, decoded: decoded.map(\.bitPattern),
        isFinite: strange == 0)
    }

    @Test func fixtureIsThere() {
      #expect(RecordedQuantization.all.count == 48)
    }

    @Test(arguments: RecordedQuantization.all)
    func agreesWithCoremltools(recorded: RecordedQuantization) {
      let result = CKernelsTests.agreed {
        encode(
          recorded.weight.bytes, isHalf: recorded.weight.isHalf, rows: 1,
          columns: recorded.blocks, inner: recorded.blockLength, scheme: recorded.scheme)
      }
      #expect(result.isFinite)
      #expect(result.scales == recorded.scales)
      #expect(result.zeros == recorded.zeros)
      #expect(result.codes == recorded.codes)
      #expect(result.decoded == recorded.decoded.map(\.bitPattern))
    }

    /// The same numbers with blocks that run down the columns of a matrix.
    @Test(arguments: RecordedQuantization.all)
    func blocksAcrossRowsAreTheSame(recorded: RecordedQuantization) {
      let size = recorded.weight.isHalf ? 2 : 4
      let (blocks, length) = (recorded.blocks, recorded.blockLength)
      var turned = [UInt8](repeating: 0, count: recorded.weight.bytes.count)
      mpk_transpose(recorded.weight.bytes, length, &turned, blocks, blocks, length, size)
      let result = CKernelsTests.agreed {
        encode(
          turned, isHalf: recorded.weight.isHalf, rows: length, columns: blocks, inner: 1,
          scheme: recorded.scheme)
      }
      var codes = [UInt8](repeating: 0, count: recorded.codes.count)
      mpk_transpose(result.codes, blocks, &codes, length, length, blocks, 1)
      #expect(result.isFinite)
      #expect(result.scales == recorded.scales)
      #expect(result.zeros == recorded.zeros)
      #expect(codes == recorded.codes)
    }

    @Test(arguments: RecordedQuantization.all.filter(\.weight.isHalf))
    func halvesInFloatsEncodeTheSame(recorded: RecordedQuantization) {
      let bytes = recorded.weight.floats.withUnsafeBytes { Array($0) }
      let result = CKernelsTests.agreed {
        encode(
          bytes, isHalf: false, rows: 1, columns: recorded.blocks, inner: recorded.blockLength,
          scheme: recorded.scheme)
      }
      #expect(result.scales == recorded.scales)
      #expect(result.codes == recorded.codes)
    }

    @Test(arguments: RecordedQuantization.all.filter(\.weight.isHalf))
    func decodesToHalves(recorded: RecordedQuantization) {
      let halves = CKernelsTests.agreed {
        var halves = [UInt16](repeating: 0, count: recorded.codes.count)
        mpk_decode_f16(
          recorded.codes, 1, recorded.blocks, recorded.blockLength, halves.count, recorded.scales,
          recorded.zeros, recorded.scheme, &halves, halves.count)
        return halves
      }
      #expect(halves == recorded.decoded.map { Float16($0).bitPattern })
    }

    @Test(arguments: [0, 5, 17, 63], [Float.nan, .infinity, -.infinity])
    func whatIsNotFiniteIsReported(place: Int, value: Float) {
      var x = [Float](repeating: 0.5, count: 64)
      x[place] = value
      let bytes = x.withUnsafeBytes { Array($0) }
      let scheme = mpk_quantization(bits: 8, is_signed: 1, is_symmetric: 1, is_half: 0, is_full: 0)
      for inner in [1, 16, 64] {
        let strange = CKernelsTests.agreed {
          encode(bytes, isHalf: false, rows: 1, columns: 64 / inner, inner: inner, scheme: scheme)
            .isFinite
        }
        #expect(strange == false)
      }
    }

    /// Where a float16 step of the usual arithmetic would be infinite.
    @Test(arguments: [(1, 1), (0, 0), (1, 0), (0, 1)])
    func largeHalvesStayFinite(signed: UInt8, symmetric: UInt8) {
      let x = (0..<64).map { Float16(60000 - $0 * 1760) }
      let bytes = x.withUnsafeBytes { Array($0) }
      let scheme = mpk_quantization(
        bits: 8, is_signed: signed, is_symmetric: symmetric, is_half: 1, is_full: 0)
      let result = CKernelsTests.agreed {
        encode(bytes, isHalf: true, rows: 1, columns: 1, inner: 64, scheme: scheme)
      }
      for (value, bits) in zip(x, result.decoded) {
        #expect(abs(Float(value) - Float(bitPattern: bits)) <= result.scales[0] * 0.75)
      }
    }

    @Test(arguments: [
      (4, 1, 1, -7, 7), (4, 1, 0, -8, 7), (4, 0, 1, 0, 14), (4, 0, 0, 0, 15), (8, 1, 1, -127, 127),
      (8, 1, 0, -128, 127), (8, 0, 1, 0, 254), (8, 0, 0, 0, 255),
    ])
    func codeRanges(bits: UInt8, signed: UInt8, symmetric: UInt8, low: Int32, high: Int32) {
      var range: (Int32, Int32) = (0, 0)
      mpk_code_range(
        mpk_quantization(
          bits: bits, is_signed: signed, is_symmetric: symmetric, is_half: 0, is_full: 0),
        &range.0, &range.1)
      #expect(range == (low, high))
    }
  }
}

extension RecordedQuantization {
  fileprivate var scheme: mpk_quantization {
    mpk_quantization(
      bits: UInt8(bits), is_signed: isSigned ? 1 : 0, is_symmetric: isSymmetric ? 1 : 0,
      is_half: weight.isHalf ? 1 : 0, is_full: 0)
  }
}
