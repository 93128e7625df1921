// SPDX-License-Identifier: Apache-2.0
import Compression
import Diagnostics
import MIL
import Tensors
import TestSupport
import Testing

@Suite struct WeightDecompressorTests {
  /// A function that multiplies its input by one weight, twice.
  private func program(_ opset: Opset, _ names: [String] = ["main"]) throws -> Program {
    Program(
      functions: try names.map { name in
        let build = FunctionBuilder(opset: opset)
        let x = build.input("x", .tensor(.float16, fixed: [4, 96]))
        var numbers = Numbers(seed: 7)
        let values = (0..<(64 * 96)).map { _ in Double(numbers.unit()) }
        let weight = build.const(
          "w", Constant(MemorySource(try TensorData(values, as: .float16, shape: [64, 96]))))
        let a = try build.mil.linear(x: x, weight: weight)
        let b = try build.mil.linear(x: x, weight: weight)
        var function = try build.finish(outputs: [(name: "a", value: a), (name: "b", value: b)])
        function.name = name
        return function
      })
  }

  struct Setting: Sendable, CustomTestStringConvertible {
    var opset: Opset
    var dtype: DType
    var granularity: QuantizationScheme.Granularity
    var mode: QuantizationScheme.Mode
    var words: String
    var testDescription: String { "\(opset) \(words)" }
  }

  static let settings = [
    Setting(
      opset: .iOS18, dtype: .int4, granularity: .block(32), mode: .symmetric,
      words: "int4 blocks of 32"),
    Setting(
      opset: .iOS18, dtype: .uint4, granularity: .block(16), mode: .asymmetric,
      words: "uint4 blocks of 16, zero points"),
    Setting(
      opset: .iOS18, dtype: .int8, granularity: .perTensor, mode: .symmetric,
      words: "int8 per tensor"),
    Setting(
      opset: .iOS16, dtype: .uint8, granularity: .perChannel, mode: .asymmetric,
      words: "uint8 per channel"),
    Setting(
      opset: .iOS16, dtype: .int8, granularity: .perTensor, mode: .symmetric,
      words: "int8 per tensor"),
  ]

  @Test(arguments: settings)
  func givesTheDenseValuesBack(_ setting: Setting) throws {
    var program = try program(setting.opset, ["main", "other"])
    let original = program
    let scheme = try QuantizationScheme(setting.dtype, setting.granularity, setting.mode)
    let report = try WeightCompressor(CompressionOptions(.linear(scheme))).run(&program)
    #expect(report.quantized.count == 2)
    let weights = WeightInventory(program).weights
    #expect(weights.count == 1)
    let stored = try #require(weights.first)
    #expect(stored.expression.words == setting.words)
    #expect(stored.uses.map(\.function) == ["main", "main", "other", "other"])
    #expect(Set(stored.uses.map(\.operand)) == ["weight"])
    #expect(stored.byteCount == report.entries[0].bytesAfter)

    let before = try #require(WeightInventory(original).weights.first)
    let axes = ChannelAxes(output: 0, input: 1)
    let layout = try #require(
      setting.granularity == .perTensor
        ? BlockLayout(shape: [64, 96], blockShape: [64, 96])
        : axes.layout([64, 96], setting.granularity))
    let expected = try QuantizedWeight(
      before.expression.decoded(), name: "w", scheme: scheme, layout: layout)
    let dense = try WeightDecompressor.run(&program)
    #expect(dense.entries.map(\.note) == [setting.words, setting.words])
    for (function, old) in zip(program.functions, original.functions) {
      #expect(
        function.body.operations.map { [$0.type, $0.name] }
          == old.body.operations.map { [$0.type, $0.name] })
      let constants = function.body.operations.filter { $0.type == "const" }
      let id = try #require(
        constants.flatMap(\.outputs).first { function.values[$0].name == "w" })
      #expect(!function.values[id].isConstantExpression)
      let source = try #require(function.values[id].constant?.source)
      #expect(try source.materialized().floats == expected.decoded(0..<source.count))
    }
    // Both functions store one weight.
    let keys = WeightInventory(program).weights.map(\.expression.key)
    #expect(keys.count == 1)
  }

  @Test func measuresWhatWasLost() throws {
    let values: [Float] = [1, -2, 3, 4, .infinity, .nan, 0, 8]
    let expected = MemorySource(TensorData(float32: values, shape: [2, 4]))
    var changed = values
    let same = try WeightMeasurement.differences([(expected, expected)])[0]
    #expect(same.decibels == .infinity && same.largest == 0 && same.relative == 0)
    #expect(same.low == -2 && same.high == 8 && same.count == 8)
    changed[2] = 3.5
    let other = MemorySource(TensorData(float32: changed, shape: [2, 4]))
    let difference = try WeightMeasurement.differences([(expected, other)])[0]
    #expect(difference.noise == 0.25 && difference.signal == 94 && difference.largest == 0.5)
    #expect(difference.relative == 0.05)
    changed[4] = 1
    let lost = MemorySource(TensorData(float32: changed, shape: [2, 4]))
    let infinite = try WeightMeasurement.differences([(expected, lost)])[0]
    #expect(infinite.largest == .infinity && infinite.decibels == -.infinity)
  }

  @Test func countsValues() throws {
    let source = MemorySource(
      TensorData(float32: [-1, -0.9, 0, 0.24, 0.26, 1, 2, -2, .nan, .infinity], shape: [10]))
    let counts = try WeightMeasurement.histograms([source], ranges: [-1...1], bins: 4)
    #expect(counts == [[2, 0, 3, 1]])
  }

  @Test func countsSaturatedCodes() throws {
    func share(_ dtype: DType, _ bytes: [UInt8], offset: [UInt8]?) throws -> Double? {
      let data = Constant(try TensorData(dtype: dtype, shape: [1, 8], bytes: bytes))
      var inputs: [(name: String, value: WeightExpression)] = [
        ("data", .constant(data)),
        ("scale", .constant(Constant(TensorData(float16: [1], shape: [1, 1])))),
      ]
      if let offset {
        inputs.append(
          (
            "offset",
            .constant(Constant(try TensorData(dtype: dtype, shape: [1, 1], bytes: offset)))
          ))
      }
      let expression = WeightExpression.operation(
        "constexpr_blockwise_shift_scale", inputs, TensorType(.float16, fixed: [1, 8]))
      return try WeightMeasurement.saturated([expression])[0]
    }
    // 7, -7, -8, 0, 1, 2, 3, 4
    let signed: [UInt8] = [0x97, 0x08, 0x21, 0x43]
    #expect(try share(.int4, signed, offset: nil) == 2 / 8)
    #expect(try share(.int4, signed, offset: [1]) == 2 / 8)
    let unsigned: [UInt8] = [0, 255, 254, 0, 7, 8, 9, 10]
    #expect(try share(.uint8, unsigned, offset: [3]) == 3 / 8)
    #expect(try share(.uint8, unsigned, offset: [127]) == 3 / 8)
    let plain = WeightExpression.constant(Constant(TensorData(float16: [1, 2], shape: [2])))
    #expect(try WeightMeasurement.saturated([plain]) == [nil])
  }

  // MARK: Refusals

  private static func constant(_ dtype: DType, _ shape: [Int], _ byte: UInt8 = 0) throws
    -> WeightExpression
  {
    let size = dtype.byteCount(shape.reduce(1, *)) ?? 0
    return .constant(
      Constant(
        try TensorData(dtype: dtype, shape: shape, bytes: [UInt8](repeating: byte, count: size))))
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    var operation: String
    var inputs: @Sendable () throws -> [(name: String, value: WeightExpression)]
    var message: String
    var testDescription: String { message }
  }

  static let refusals = [
    Refusal(
      operation: "constexpr_blockwise_shift_scale",
      inputs: {
        [("data", try constant(.int8, [4, 6])), ("scale", try constant(.float16, [4, 4]))]
      },
      message: "a float16 scale of shape [4, 4] do not fit data of shape [4, 6]"),
    Refusal(
      operation: "constexpr_blockwise_shift_scale",
      inputs: { [("data", try constant(.int8, [4, 6]))] }, message: "it has no 'scale'"),
    Refusal(
      operation: "constexpr_blockwise_shift_scale",
      inputs: {
        [("data", try constant(.int32, [4, 6])), ("scale", try constant(.float16, [4, 1]))]
      }, message: "the data is int32"),
    Refusal(
      operation: "constexpr_affine_dequantize",
      inputs: {
        [
          ("quantized_data", try constant(.int8, [4, 6])), ("zero_point", try constant(.int8, [])),
          ("scale", try constant(.float16, [5])), ("axis", .constant(Constant(int32: 0))),
        ]
      }, message: "5 scales or zero points do not fit axis 0 of shape [4, 6]"),
    Refusal(
      operation: "constexpr_affine_dequantize",
      inputs: {
        [
          ("quantized_data", try constant(.int8, [4, 6])), ("zero_point", try constant(.int8, [])),
          ("scale", try constant(.float16, [])), ("axis", .constant(Constant(int32: 2))),
        ]
      }, message: "'axis' is [2] for a rank of 2"),
    Refusal(
      operation: "constexpr_lut_to_dense",
      inputs: {
        [
          ("indices", try constant(.uint4, [4, 6])),
          ("lut", try constant(.float16, [3, 1, 16, 1])),
        ]
      },
      message: "a table of shape [3, 1, 16, 1] does not fit uint4 indices of shape [4, 6]"),
    Refusal(
      operation: "constexpr_lut_to_dense",
      inputs: {
        [
          ("indices", try constant(.uint8, [4])), ("lut", try constant(.float16, [16])),
          ("shape", .constant(Constant(TensorData(int32: [3, 4])))),
        ]
      }, message: "4 bytes do not hold 4-bit elements of shape [3, 4]"),
    Refusal(
      operation: "constexpr_sparse_to_dense",
      inputs: {
        [("nonzero_data", try constant(.float16, [30])), ("mask", try constant(.uint1, [4, 6]))]
      }, message: "values of shape [30] do not fit a uint1 mask of shape [4, 6]"),
  ]

  @Test(arguments: refusals)
  func oddOperands(_ refusal: Refusal) throws {
    let expression = WeightExpression.operation(
      refusal.operation, try refusal.inputs(), TensorType(.float16, fixed: [4, 6]))
    let text = thrownText { _ = try expression.decoded() }
    #expect(
      text
        == "malformed-input: a weight cannot be decoded: in \(refusal.operation), "
        + refusal.message)
  }

  @Test func contentsThatDoNotFit() throws {
    let sparse = WeightExpression.operation(
      "constexpr_sparse_to_dense",
      [
        ("nonzero_data", try Self.constant(.float16, [3])),
        ("mask", try Self.constant(.uint1, [4, 6], 0x11)),
      ], TensorType(.float16, fixed: [4, 6]))
    #expect(
      thrownText { _ = try sparse.decoded().materialized() }
        == "malformed-input: 3 values do not fit a mask with 6 ones")
    let table = WeightExpression.operation(
      "constexpr_lut_to_dense",
      [
        ("indices", try Self.constant(.uint8, [4, 6], 4)),
        ("lut", try Self.constant(.float16, [1, 1, 4, 1])),
      ], TensorType(.float16, fixed: [4, 6]))
    #expect(
      thrownText { _ = try table.decoded().materialized() }
        == "malformed-input: an index lies outside a table of 4 entries")
    let unknown = WeightExpression.operation(
      "constexpr_magic", [], TensorType(.float16, fixed: [4, 6]))
    #expect(
      thrownText { _ = try unknown.decoded() }
        == "unsupported-operation: weights made by 'constexpr_magic' cannot be decoded")
  }

  @Test func schemesInWords() throws {
    func words(_ expression: WeightExpression) -> String { expression.words }
    let dense = TensorType(.float16, fixed: [64, 96])
    func palette(_ lut: [Int], _ dtype: DType = .float16) throws -> WeightExpression {
      .operation(
        "constexpr_lut_to_dense",
        [
          ("indices", try Self.constant(.uint4, [64, 96])), ("lut", try Self.constant(dtype, lut)),
        ], TensorType(dtype, fixed: [64, 96]))
    }
    #expect(words(try Self.constant(.float16, [4])) == "none")
    #expect(words(try palette([1, 1, 16, 1])) == "4-bit palette per tensor")
    #expect(
      words(try palette([4, 1, 16, 2])) == "4-bit palette, groups of 16 along axis 0, vectors of 2")
    let scaled = WeightExpression.operation(
      "constexpr_blockwise_shift_scale",
      [("data", try palette([1, 1, 16, 1])), ("scale", try Self.constant(.float16, [64, 1]))], dense
    )
    #expect(words(scaled) == "4-bit palette per tensor, scale per channel")
    let quantized = WeightExpression.operation(
      "constexpr_blockwise_shift_scale",
      [
        ("data", try palette([1, 1, 16, 1], .int8)),
        ("scale", try Self.constant(.float16, [1, 1])),
      ], dense)
    #expect(words(quantized) == "4-bit palette per tensor, int8 table")
    #expect(quantized.storedDType == .uint4)
    let codes = WeightOperation(
      "constexpr_sparse_blockwise_shift_scale",
      [
        ("data_mask", try Self.constant(.uint1, [64, 96])),
        ("nonzero_data", try Self.constant(.int8, [1536])),
        ("scale", try Self.constant(.float16, [64, 1])),
      ], [TensorType(.uint1, fixed: [64, 96]), TensorType(.float16, fixed: [1536])])
    let sparse = WeightExpression.operation(
      "constexpr_sparse_to_dense",
      [("nonzero_data", .result(codes, output: 1)), ("mask", .result(codes, output: 0))], dense)
    #expect(words(sparse) == "sparse 75 %, int8 per channel")
    #expect(sparse.storedDType == .int8)
  }
}
