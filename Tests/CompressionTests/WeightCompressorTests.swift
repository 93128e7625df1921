// SPDX-License-Identifier: Apache-2.0
import Compression
import Diagnostics
import MIL
import Tensors
import Testing

@Suite struct WeightCompressorTests {
  /// A function with inputs and weights, made operation by operation.
  private struct Model {
    let build: FunctionBuilder
    private var seed: UInt64 = 1

    init(_ opset: Opset = .iOS18) { build = FunctionBuilder(opset: opset) }

    func input(_ name: String, _ shape: [Int], _ dtype: DType = .float16) -> Value {
      build.input(name, .tensor(dtype, fixed: shape))
    }

    mutating func weight(_ name: String, _ shape: [Int], _ dtype: DType = .float16) throws -> Value
    {
      var numbers = Numbers(seed: seed)
      seed += 1
      let values = (0..<shape.reduce(1, *)).map { _ in Double(numbers.unit()) }
      return build.const(
        name, Constant(MemorySource(try TensorData(values, as: dtype, shape: shape))))
    }

    func program(_ outputs: [Value]) throws -> Program {
      let named = outputs.enumerated().map { (name: "out\($0)", value: $1) }
      return Program(functions: [try build.finish(outputs: named)])
    }
  }

  private func operations(_ program: Program, _ type: String) -> [MIL.Operation] {
    program.functions[0].body.operations.filter { $0.type == type }
  }

  /// dtype and shape of the constant operands of an operation.
  private func operands(_ operation: MIL.Operation) -> [String: String] {
    var found: [String: String] = [:]
    for input in operation.inputs {
      if case .literal(let constant)? = input.arguments.first {
        found[input.name] = constant.type.description
      }
    }
    return found
  }

  /// The result types of an operation of `program`, held against the catalogue.
  private func checked(_ operation: MIL.Operation, _ program: Program) throws -> [ValueType] {
    let function = program.functions[0]
    let spec = try #require(Catalogue.standard[operation.type])
    let signature = try #require(spec.signature(in: function.opset))
    return try OpContext(
      operation, spec: spec, signature: signature, opset: function.opset, values: function.values,
      scope: SymbolScope(function.symbols)
    ).checkedResults()
  }

  private func quantize(
    _ program: inout Program, _ dtype: DType = .int4,
    _ granularity: QuantizationScheme.Granularity = .block(32),
    _ mode: QuantizationScheme.Mode = .symmetric,
    _ change: (inout CompressionOptions) -> Void = { _ in }
  ) throws -> CompressionReport {
    var options = CompressionOptions(.linear(try QuantizationScheme(dtype, granularity, mode)))
    change(&options)
    return try WeightCompressor(options).run(&program)
  }

  /// An operation over a weight, and the shapes of scales that coremltools gives it.
  struct Placement: Sendable, CustomTestStringConvertible {
    var operation: String
    var shape: [Int]
    var blocks: String
    var channels: String
    var axis: Int
    var flag = false
    var testDescription: String { "\(operation) \(shape)\(flag ? " transposed" : "")" }
  }

  static let placements = [
    Placement(
      operation: "linear", shape: [96, 64], blocks: "[96, 2]", channels: "[96, 1]", axis: 0),
    Placement(
      operation: "conv", shape: [96, 64, 3, 3], blocks: "[96, 2, 1, 1]",
      channels: "[96, 1, 1, 1]", axis: 0),
    Placement(
      operation: "conv_transpose", shape: [64, 96, 3, 3], blocks: "[2, 96, 1, 1]",
      channels: "[1, 96, 1, 1]", axis: 1),
    Placement(
      operation: "matmul.y", shape: [64, 96], blocks: "[2, 96]", channels: "[1, 96]", axis: 1),
    Placement(
      operation: "matmul.y", shape: [96, 64], blocks: "[96, 2]", channels: "[96, 1]", axis: 0,
      flag: true),
    Placement(
      operation: "matmul.y", shape: [3, 64, 96], blocks: "[1, 2, 96]", channels: "[1, 1, 96]",
      axis: 2),
    Placement(
      operation: "matmul.y", shape: [3, 96, 64], blocks: "[1, 96, 2]", channels: "[1, 96, 1]",
      axis: 1, flag: true),
    Placement(
      operation: "matmul.x", shape: [96, 64], blocks: "[96, 2]", channels: "[96, 1]", axis: 0),
    Placement(
      operation: "matmul.x", shape: [64, 96], blocks: "[2, 96]", channels: "[1, 96]", axis: 1,
      flag: true),
    Placement(
      operation: "gather", shape: [100, 64], blocks: "[100, 2]", channels: "[100, 1]", axis: 0),
  ]

  private func program(_ placement: Placement, _ opset: Opset = .iOS18) throws -> Program {
    var model = Model(opset)
    let w = try model.weight("w", placement.shape)
    let mil = model.build.mil
    let flag = Value.bool(placement.flag)
    let result: Value
    switch placement.operation {
    case "linear": result = try mil.linear(x: model.input("x", [4, 64]), weight: w)
    case "conv": result = try mil.conv(x: model.input("x", [1, 64, 8, 8]), weight: w)
    case "conv_transpose":
      result = try mil.conv_transpose(x: model.input("x", [1, 64, 8, 8]), weight: w)
    case "matmul.y":
      result = try mil.matmul(x: model.input("x", [4, 64]), y: w, transpose_y: flag)
    case "matmul.x":
      result = try mil.matmul(x: w, y: model.input("x", [64, 4]), transpose_x: flag)
    default:
      result = try mil.gather(x: w, indices: model.input("i", [2], .int32), axis: 0)
    }
    return try model.program([result])
  }

  @Test(arguments: placements)
  func blocksLieAlongTheInputChannels(placement: Placement) throws {
    var program = try program(placement)
    let report = try quantize(&program)
    let found = try #require(operations(program, "constexpr_blockwise_shift_scale").first)
    #expect(operations(program, "constexpr_blockwise_shift_scale").count == 1)
    let shape = "\(placement.shape)"
    #expect(operands(found) == ["data": "int4" + shape, "scale": "float16" + placement.blocks])
    #expect(found.name == "w")
    let entry = try #require(report.entries.first)
    #expect(report.entries.count == 1)
    #expect(entry.name == "w" && entry.scheme?.description == "int4 symmetric, blocks of 32")
    #expect(entry.note == nil)
    let count = placement.shape.reduce(1, *)
    #expect(entry.bytesBefore == 2 * count)
    let blocks = try #require(found.argument("scale")).constantCount
    #expect(entry.bytesAfter == count / 2 + 2 * blocks)
    // The value keeps its name and type, and is known to be constant.
    let id = try #require(found.outputs.first)
    let info = program.functions[0].values[id]
    #expect(info.type == .tensor(.float16, fixed: placement.shape))
    #expect(info.isConstantExpression)
    #expect(try checked(found, program) == [info.type])
  }

  @Test(arguments: placements)
  func channelsOfOlderTargets(placement: Placement) throws {
    var program = try program(placement, .iOS16)
    _ = try quantize(&program, .uint8, .perChannel)
    let found = try #require(operations(program, "constexpr_affine_dequantize").first)
    let channels = placement.shape[placement.axis]
    #expect(
      operands(found) == [
        "quantized_data": "uint8\(placement.shape)", "zero_point": "uint8[\(channels)]",
        "scale": "float16[\(channels)]", "axis": "int32[]",
      ])
    #expect(try found.argument("axis")?.constant?.tensorData()?.ints == [placement.axis])
    let zeros = try #require(try found.argument("zero_point")?.constant?.tensorData())
    #expect(zeros.ints == [Int](repeating: 127, count: channels))
    #expect(try checked(found, program) == [.tensor(.float16, fixed: placement.shape)])
  }

  @Test(arguments: placements)
  func channelsAndTensors(placement: Placement) throws {
    var first = try program(placement)
    _ = try quantize(&first, .uint4, .perChannel)
    let channels = try #require(operations(first, "constexpr_blockwise_shift_scale").first)
    #expect(operands(channels)["scale"] == "float16" + placement.channels)
    #expect(operands(channels)["offset"] == "uint4" + placement.channels)

    var second = try program(placement)
    _ = try quantize(&second, .int8, .perTensor, .asymmetric)
    let tensor = try #require(operations(second, "constexpr_blockwise_shift_scale").first)
    let ones = "\([Int](repeating: 1, count: placement.shape.count))"
    #expect(
      operands(tensor) == [
        "data": "int8\(placement.shape)", "scale": "float16" + ones, "offset": "int8" + ones,
      ])
  }

  @Test func oneScaleOfAnOlderTarget() throws {
    var program = try program(Self.placements[0], .iOS17)
    let report = try quantize(&program, .int8, .perTensor)
    let found = try #require(operations(program, "constexpr_affine_dequantize").first)
    #expect(
      operands(found) == [
        "quantized_data": "int8[96, 64]", "zero_point": "int8[]", "scale": "float16[]",
        "axis": "int32[]",
      ])
    #expect(try found.argument("zero_point")?.constant?.tensorData()?.ints == [0])
    #expect(report.entries[0].bytesAfter == 96 * 64 + 2 + 1)
    #expect(try checked(found, program) == [.tensor(.float16, fixed: [96, 64])])
  }

  @Test(arguments: [
    (
      Opset.iOS15, DType.int8, QuantizationScheme.Granularity.perChannel, "quantized weights",
      "iOS16"
    ),
    // The target that is enough, not one that lacks something else.
    (.iOS15, .int4, .perChannel, "int4 weights", "iOS18"),
    (.iOS16, .int4, .perChannel, "int4 weights", "iOS18"),
    (.iOS17, .int8, .block(32), "weights quantized per block", "iOS18"),
  ])
  func whatATargetLacks(
    opset: Opset, dtype: DType, granularity: QuantizationScheme.Granularity, what: String,
    target: String
  ) throws {
    var model = Model(opset)
    let x = model.input("x", [4, 64])
    let first = try model.build.mil.linear(x: x, weight: model.weight("a", [96, 64]))
    let second = try model.build.mil.linear(x: x, weight: model.weight("b", [96, 64]))
    var program = try model.program([first, second])
    let thrown = #expect(throws: DiagnosticList.self) { try quantize(&program, dtype, granularity) }
    // Said once, not for every weight.
    let problem = try #require(thrown?.diagnostics.first)
    #expect(thrown?.diagnostics.count == 1)
    #expect(problem.code == .unsupportedByTarget)
    #expect(problem.message == "\(what) need the target \(target), and the model is for \(opset)")
    #expect(problem.remedy == "convert the model with --target \(target) or later")
  }

  @Test func weightsThatBlocksDoNotDivide() throws {
    var model = Model()
    let x = model.input("x", [1, 64, 8, 8])
    let y = try model.build.mil.conv(
      x: x, weight: model.weight("depthwise", [64, 1, 7, 7]), groups: 64)
    var program = try model.program([y])
    let untouched = program
    let report = try quantize(&program)
    let reason = "its 1 input channels do not divide into blocks of 32"
    #expect(report.entries[0].scheme?.description == "int4 symmetric, per channel")
    #expect(report.entries[0].note == "quantized per channel: \(reason)")
    let found = try #require(operations(program, "constexpr_blockwise_shift_scale").first)
    #expect(operands(found)["scale"] == "float16[64, 1, 1, 1]")

    program = untouched
    let thrown = #expect(throws: DiagnosticList.self) {
      try quantize(&program) { $0.indivisible = .refuse }
    }
    #expect(
      thrown?.diagnostics.map(\.message) == [
        "weight 'depthwise' of shape [64, 1, 7, 7]: \(reason)"
      ])
    #expect(thrown?.diagnostics.first?.code == .unsupportedArgument)
  }

  @Test func aSharedWeightIsQuantizedOnce() throws {
    var model = Model()
    let table = try model.weight("table", [100, 64])
    let x = try model.build.mil.gather(x: table, indices: model.input("i", [4], .int32), axis: 0)
    let y = try model.build.mil.linear(x: x, weight: table)
    var program = try model.program([y])
    let report = try quantize(&program)
    #expect(operations(program, "constexpr_blockwise_shift_scale").count == 1)
    #expect(report.entries.map(\.operations) == [["gather", "linear"]])
  }

  @Test func usesThatDisagree() throws {
    var model = Model()
    let w = try model.weight("w", [64, 64])
    let x = model.input("x", [4, 64])
    let a = try model.build.mil.matmul(x: x, y: w)
    let b = try model.build.mil.linear(x: x, weight: w)
    var program = try model.program([a, b])
    let untouched = program
    let report = try quantize(&program)
    #expect(report.leftAlone.map(\.name) == ["w"])
    #expect(
      report.entries[0].note == "its uses (linear and matmul) disagree about its channel axes")
    #expect(operations(program, "const").contains { $0.name == "w" })
    program = untouched
    #expect(try quantize(&program, .int8, .perTensor).quantized.count == 1)
  }

  /// Three weights: `small` has 2048 elements.
  private func threeLayers() throws -> Program {
    var model = Model()
    let x = model.input("x", [4, 64])
    model.build.origin = Location(module: "encoder.0")
    let a = try model.build.mil.linear(x: x, weight: model.weight("first", [96, 64]))
    model.build.origin = Location(module: "encoder.1")
    let b = try model.build.mil.linear(x: x, weight: model.weight("small", [32, 64]))
    model.build.origin = Location(module: "decoder")
    let c = try model.build.mil.matmul(x: x, y: model.weight("last", [64, 64]))
    return try model.program([a, b, c])
  }

  private func notes(_ report: CompressionReport) -> [String: String?] {
    Dictionary(
      uniqueKeysWithValues: report.entries.map { ($0.name, $0.scheme == nil ? $0.note : nil) })
  }

  @Test func smallWeightsAreLeftAlone() throws {
    var program = try threeLayers()
    let report = try quantize(&program)
    #expect(
      notes(report) == ["first": nil, "small": "has no more than 2048 elements", "last": nil])
    program = try threeLayers()
    #expect(try quantize(&program) { $0.minElements = 2047 }.quantized.count == 3)
    program = try threeLayers()
    #expect(try quantize(&program) { $0.minElements = 10_000 }.quantized.isEmpty)
    #expect(operations(program, "constexpr_blockwise_shift_scale").isEmpty)
  }

  @Test func namesAreIncludedAndExcluded() throws {
    var program = try threeLayers()
    let included = try quantize(&program) { $0.include = ["encoder.*"] }
    #expect(included.quantized.map(\.name) == ["first"])
    #expect(included.entries.last?.note == "not among the included names")
    program = try threeLayers()
    let excluded = try quantize(&program) { $0.exclude = ["fir?t"] }
    #expect(excluded.quantized.map(\.name) == ["last"])
    #expect(excluded.entries.first?.note == "excluded")
  }

  @Test func theLastRuleThatFitsDecides() throws {
    var program = try threeLayers()
    let report = try quantize(&program) {
      $0.rules = [
        .init(
          operations: ["linear"], scheme: try? .linear(QuantizationScheme(.int8, .perChannel)),
          minElements: 0),
        .init(names: ["first"], scheme: nil),
      ]
    }
    #expect(
      report.entries.map { $0.scheme?.description ?? "none" } == [
        "none", "int8 symmetric, per channel", "int4 symmetric, blocks of 32",
      ])
    #expect(report.entries[0].note == "excluded by the settings")
  }

  @Test(arguments: [-Double.infinity, .nan])
  func tablesThatAreNotFiniteAreLeftAlone(value: Double) throws {
    var model = Model()
    var values = [Double](repeating: 0.5, count: 100 * 64)
    values[777] = value
    let mask = Constant(MemorySource(try TensorData(values, as: .float16, shape: [100, 64])))
    let y = try model.build.mil.gather(
      x: model.build.const("mask", mask), indices: model.input("i", [4], .int32), axis: 0)
    let z = try model.build.mil.gather(
      x: model.weight("table", [100, 64]), indices: model.input("j", [4], .int32), axis: 0)
    var program = try model.program([y, z])
    let report = try quantize(&program)
    #expect(report.quantized.map(\.name) == ["table"])
    #expect(
      report.leftAlone.map(\.note) == ["holds an infinity or a NaN, which no scale can represent"])
    #expect(operations(program, "const").contains { $0.name == "mask" })
  }

  @Test func floatsOfBothWidthsOnly() throws {
    var model = Model()
    let table = try model.weight("table", [100, 64], .int32)
    let a = try model.build.mil.gather(x: table, indices: model.input("i", [4], .int32), axis: 0)
    let b = try model.build.mil.linear(
      x: model.input("x", [4, 64], .float32), weight: model.weight("w", [96, 64], .float32))
    var program = try model.program([a, b])
    let report = try quantize(&program)
    #expect(report.entries.map(\.name) == ["w"])
    let found = try #require(operations(program, "constexpr_blockwise_shift_scale").first)
    #expect(operands(found)["scale"] == "float32[96, 2]")
    #expect(report.entries[0].bytesAfter == 96 * 64 / 2 + 96 * 2 * 4)
  }

  @Test func quantizingAgainLeavesItAlone() throws {
    var program = try threeLayers()
    _ = try quantize(&program)
    let again = try quantize(&program, .int8, .perTensor)
    #expect(again.quantized.isEmpty)
    #expect(
      again.entries.filter { $0.note == "is compressed already" }.map(\.name) == ["first", "last"])
    let kinds = operations(program, "constexpr_blockwise_shift_scale")
    #expect(kinds.allSatisfy { operands($0)["data"]?.hasPrefix("int4") == true })
  }

  @Test func errorsAreMeasured() throws {
    func error(_ dtype: DType) throws -> WeightError {
      var program = try threeLayers()
      return try #require(try quantize(&program, dtype).entries[0].compressed).error()
    }
    let coarse = try error(.int4)
    let fine = try error(.int8)
    #expect((15...30).contains(coarse.decibels))
    #expect((40...55).contains(fine.decibels))
    #expect(fine.largest < coarse.largest)
  }
}

extension Argument {
  fileprivate var constant: Constant? {
    if case .literal(let constant) = self { constant } else { nil }
  }

  fileprivate var constantCount: Int { constant?.type.tensor?.count ?? 0 }
}
