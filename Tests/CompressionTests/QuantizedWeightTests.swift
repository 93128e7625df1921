// SPDX-License-Identifier: Apache-2.0
import Compression
import Diagnostics
import Tensors
import TestSupport
import Testing

@Suite struct QuantizedWeightTests {
  @Test(arguments: RecordedQuantization.all)
  func agreesWithCoremltools(recorded: RecordedQuantization) throws {
    let weight = recorded.weight
    let shape = [weight.rows, weight.columns]
    let dtype = try #require(
      DType(rawValue: (recorded.isSigned ? "int" : "uint") + "\(recorded.bits)"))
    let granularity: QuantizationScheme.Granularity =
      switch recorded.blocks {
      case 1: .perTensor
      case weight.rows: .perChannel
      default: .block(recorded.blockLength)
      }
    let scheme = try QuantizationScheme(
      dtype, granularity, recorded.isSymmetric ? .symmetric : .asymmetric)
    let layout = try #require(ChannelAxes(output: 0, input: 1).layout(shape, granularity))
    let source = MemorySource(
      try TensorData(
        dtype: weight.isHalf ? .float16 : .float32, shape: shape, bytes: weight.bytes))
    let quantized = try QuantizedWeight(source, name: "w", scheme: scheme, layout: layout)

    let codes = try quantized.codes.materialized()
    #expect(codes.dtype == dtype && codes.shape == shape)
    let expected = recorded.codes.map {
      recorded.isSigned ? Double(Int8(bitPattern: $0)) : Double($0)
    }
    #expect(codes.doubles == expected)
    let scales = try quantized.scales(shape: layout.scaleShape).materialized()
    #expect(scales.dtype == source.dtype && scales.shape == layout.scaleShape)
    #expect(scales.floats == recorded.scales)
    let offsets = try quantized.offsets(shape: layout.scaleShape).materialized()
    #expect(offsets.dtype == dtype)
    #expect(offsets.floats == recorded.zeros)
    let decoded = try quantized.decoded(0..<source.count)
    #expect(decoded.map(\.bitPattern) == recorded.decoded.map(\.bitPattern))
  }

  @Test func recordingIsThere() {
    #expect(RecordedQuantization.all.count == 48)
  }

  /// A weight and how it is divided.
  struct Division: Sendable, CustomTestStringConvertible {
    var shape: [Int]
    var block: [Int]
    var testDescription: String { "\(shape) in \(block)" }
  }

  static let divisions = [
    Division(shape: [40, 96], block: [1, 32]),
    Division(shape: [40, 33], block: [1, 33]),
    Division(shape: [7, 9, 3, 3], block: [1, 3, 3, 3]),
    Division(shape: [7, 9, 3, 3], block: [1, 9, 3, 3]),
    Division(shape: [64, 45], block: [16, 1]),
    Division(shape: [64, 45], block: [64, 1]),
    Division(shape: [12, 10, 5], block: [4, 1, 5]),
    Division(shape: [3, 12, 10], block: [3, 4, 1]),
    Division(shape: [3, 12, 10], block: [3, 1, 10]),
    Division(shape: [3, 12, 10], block: [3, 1, 5]),
    Division(shape: [41, 43], block: [41, 43]),
    // Larger than what is worked on at a time.
    Division(shape: [3, 150_001], block: [1, 150_001]),
    Division(shape: [2, 150_000], block: [2, 150_000]),
    Division(shape: [300, 1000], block: [150, 1]),
    Division(shape: [2, 300, 500], block: [2, 100, 1]),
    Division(shape: [5000, 64], block: [1, 32]),
  ]

  private func source(_ shape: [Int], seed: UInt64 = 1) -> MemorySource {
    var numbers = Numbers(seed: seed)
    let count = shape.reduce(1, *)
    return MemorySource(
      TensorData(float16: (0..<count).map { _ in Float16(numbers.unit()) }, shape: shape))
  }

  /// The block of every element, from the definition.
  private func blocks(_ division: Division) -> [Int] {
    let counts = zip(division.shape, division.block).map { $0 / $1 }
    return (0..<division.shape.reduce(1, *)).map { flat in
      var rest = flat
      var place = 0
      var step = 1
      for axis in division.shape.indices.reversed() {
        let index = rest % division.shape[axis]
        rest /= division.shape[axis]
        place += index / division.block[axis] * step
        step *= counts[axis]
      }
      return place
    }
  }

  /// Encodes each block by itself as one row, which the recorded cases cover.
  private func expected(
    _ source: MemorySource, _ division: Division, _ scheme: QuantizationScheme
  ) throws -> (codes: [Double], scales: [Double], offsets: [Double]) {
    let values = try source.materialized().doubles
    let owner = blocks(division)
    let members = Dictionary(grouping: values.indices) { owner[$0] }
    var codes = [Double](repeating: .nan, count: values.count)
    var scales: [Double] = []
    var offsets: [Double] = []
    for block in 0..<members.count {
      let places = try #require(members[block])
      let row = try TensorData(places.map { values[$0] }, as: .float16, shape: [1, places.count])
      let layout = try #require(BlockLayout(shape: row.shape, blockShape: row.shape))
      let one = try QuantizedWeight(
        MemorySource(row), name: "block", scheme: scheme, layout: layout)
      for (place, code) in zip(places, try one.codes.materialized().doubles) {
        codes[place] = code
      }
      scales += try one.scales(shape: [1]).materialized().doubles
      offsets += try one.offsets(shape: [1]).materialized().doubles
    }
    return (codes, scales, offsets)
  }

  @Test(arguments: divisions, [DType.int4, .uint8])
  func everyDivisionEncodesItsBlocks(division: Division, dtype: DType) throws {
    let scheme = try QuantizationScheme(
      dtype, .perTensor, dtype == .int4 ? .symmetric : .asymmetric)
    let source = source(division.shape)
    let layout = try #require(BlockLayout(shape: division.shape, blockShape: division.block))
    let (codes, scales, offsets) = try expected(source, division, scheme)
    // Scales before codes and after them: what is remembered must be what is computed.
    for scalesFirst in [true, false] {
      let weight = try QuantizedWeight(source, name: "w", scheme: scheme, layout: layout)
      if scalesFirst {
        #expect(try weight.scales(shape: layout.scaleShape).materialized().doubles == scales)
      }
      #expect(try weight.codes.materialized().doubles == codes)
      #expect(try weight.scales(shape: layout.scaleShape).materialized().doubles == scales)
      #expect(try weight.offsets(shape: layout.scaleShape).materialized().doubles == offsets)
    }
  }

  @Test(arguments: divisions)
  func tilesAreTheSameAsTheWhole(division: Division) throws {
    let scheme = try QuantizationScheme(.int4, .perTensor)
    let layout = try #require(BlockLayout(shape: division.shape, blockShape: division.block))
    let weight = try QuantizedWeight(
      source(division.shape), name: "w", scheme: scheme, layout: layout)
    let whole = try weight.codes.materialized().bytes
    let scales = try weight.scales(shape: layout.scaleShape).materialized().bytes
    let tiled = try QuantizedWeight(
      source(division.shape), name: "w", scheme: scheme, layout: layout)
    for length in [2, 10, 1002, 100_000] where weight.codes.count / length < 2000 {
      #expect(try read(tiled.codes, by: length) == whole)
      #expect(try read(tiled.scales(shape: layout.scaleShape), by: length) == scales)
    }
  }

  private func read(_ source: any WeightSource, by length: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: source.count, by: length) {
      let range = start..<min(start + length, source.count)
      var tile = [UInt8](repeating: 0xee, count: source.dtype.byteCount(range.count) ?? 0)
      try tile.withUnsafeMutableBytes { try source.read(range, into: $0) }
      bytes += tile
    }
    return bytes
  }

  @Test(arguments: [Float16.infinity, -.infinity, .nan], [true, false])
  func whatIsNotFiniteIsRefused(value: Float16, acrossRows: Bool) throws {
    var values = [Float16](repeating: 1, count: 64)
    values[40] = value
    let source = MemorySource(TensorData(float16: values, shape: [8, 8]))
    let layout = try #require(
      BlockLayout(shape: [8, 8], blockShape: acrossRows ? [4, 1] : [1, 4]))
    let weight = try QuantizedWeight(
      source, name: "w", scheme: QuantizationScheme(.int8, .block(4)), layout: layout)
    for part in [weight.codes, weight.scales(shape: layout.scaleShape)] {
      let thrown = #expect(throws: Diagnostic.self) { try part.materialized() }
      #expect(thrown?.code == .notRepresentable)
      #expect(
        thrown?.message
          == "weight 'w' holds an infinity or a NaN, which no scale can represent")
      #expect(thrown?.remedy == "leave it as it is with --exclude 'w'")
    }
  }

  @Test func errorOfAKnownWeight() throws {
    // Steps of 1/7: all but two of the values have codes of their own.
    var values = (0..<64).map { Float($0 % 15 - 7) / 7 }
    values[1] += 0.05
    values[2] -= 0.025
    let source = MemorySource(TensorData(float32: values, shape: [2, 32]))
    let layout = try #require(BlockLayout(shape: [2, 32], blockShape: [1, 32]))
    let weight = try QuantizedWeight(
      source, name: "w", scheme: QuantizationScheme(.int4, .block(32)), layout: layout)
    let error = try weight.error()
    #expect(abs(error.largest - 0.05) < 1e-6)
    let signal = values.reduce(0.0) { $0 + Double($1) * Double($1) }
    let ratio = signal / (0.05 * 0.05 + 0.025 * 0.025)
    #expect(abs(pow10(error.decibels / 10) / ratio - 1) < 1e-3)
    let ends = values.filter { abs($0) == 1 }.count
    #expect(error.saturated == Double(ends) / 64)
  }

  private func pow10(_ x: Double) -> Double {
    var (low, high) = (1.0, 1e12)
    // Bisection on the logarithm, which needs no library: the argument lies between 0 and 120 dB.
    var (a, b) = (0.0, 12.0)
    for _ in 0..<60 {
      let middle = (low * high).squareRoot()
      let exponent = (a + b) / 2
      if exponent < x { (low, a) = (middle, exponent) } else { (high, b) = (middle, exponent) }
    }
    return low
  }

  @Test func losslessWeightsHaveNoError() throws {
    let source = MemorySource(
      TensorData(float32: [Float](repeating: 0, count: 64), shape: [2, 32]))
    let layout = try #require(BlockLayout(shape: [2, 32], blockShape: [1, 32]))
    let weight = try QuantizedWeight(
      source, name: "w", scheme: QuantizationScheme(.int8, .block(32)), layout: layout)
    let error = try weight.error()
    #expect(error.decibels == .infinity && error.largest == 0 && error.saturated == 0)
  }

  @Test func impossibleSchemes() {
    let dtype = #expect(throws: Diagnostic.self) { try QuantizationScheme(.float16, .perTensor) }
    #expect(dtype?.message == "weights cannot be quantized to float16")
    #expect(dtype?.remedy == "use one of int4, uint4, int8, uint8")
    let block = #expect(throws: Diagnostic.self) { try QuantizationScheme(.int4, .block(0)) }
    #expect(block?.message == "a block of 0 elements is impossible")
  }

  @Test func schemesInWords() throws {
    #expect(try QuantizationScheme(.int4, .block(32)).description == "int4 symmetric, blocks of 32")
    #expect(
      try QuantizationScheme(.uint8, .perChannel, .asymmetric).description
        == "uint8 asymmetric, per channel")
    #expect(try QuantizationScheme(.int4, .perTensor).codes == -7...7)
    #expect(try QuantizationScheme(.uint8, .perTensor, .asymmetric).codes == 0...255)
  }
}

/// A fixed sequence of numbers that look random.
struct Numbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_F491_4F6C_DD1D
  }

  /// In -1..<1.
  mutating func unit() -> Float { Float(Int64(bitPattern: next()) >> 40) / 0x1p23 }
}
