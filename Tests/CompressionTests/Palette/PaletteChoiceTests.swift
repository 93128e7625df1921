// SPDX-License-Identifier: Apache-2.0
import Compression
import Diagnostics
import MIL
import Tensors
import Testing

@Suite struct PaletteChoiceTests {
  /// An operation over a weight, and the tables of groups of 8.
  struct Placement: Sendable, CustomTestStringConvertible {
    var operation: String
    var shape: [Int]
    var output: String
    var input: String
    var axis: Int
    var testDescription: String { "\(operation) \(shape)" }
  }

  static let placements = [
    Placement(
      operation: "linear", shape: [96, 64], output: "[12, 1, 16, 1]", input: "[1, 8, 16, 1]",
      axis: 0),
    Placement(
      operation: "conv", shape: [96, 64, 3, 3], output: "[12, 1, 1, 1, 16, 1]",
      input: "[1, 8, 1, 1, 16, 1]", axis: 0),
    Placement(
      operation: "conv_transpose", shape: [64, 96, 3, 3], output: "[1, 12, 1, 1, 16, 1]",
      input: "[8, 1, 1, 1, 16, 1]", axis: 1),
    Placement(
      operation: "matmul", shape: [3, 64, 96], output: "[1, 1, 12, 16, 1]",
      input: "[1, 8, 1, 16, 1]", axis: 2),
  ]

  private func program(
    _ operation: String, _ shape: [Int], _ opset: Opset = .iOS18, values: [Double]? = nil
  ) throws -> Program {
    let build = FunctionBuilder(opset: opset)
    var numbers = Numbers(seed: 3)
    let values = values ?? (0..<shape.reduce(1, *)).map { _ in Double(numbers.unit()) }
    let w = build.const(
      "w", Constant(MemorySource(try TensorData(values, as: .float16, shape: shape))))
    let mil = build.mil
    func input(_ shape: [Int]) -> Value { build.input("x", .tensor(.float16, fixed: shape)) }
    let result =
      switch operation {
      case "linear": try mil.linear(x: input([4, shape[1]]), weight: w)
      case "conv": try mil.conv(x: input([1, 64, 8, 8]), weight: w)
      case "conv_transpose": try mil.conv_transpose(x: input([1, 64, 8, 8]), weight: w)
      case "twice":
        try mil.linear(x: mil.linear(x: input([4, shape[1]]), weight: w), weight: w)
      case "both ways": try mil.matmul(x: mil.linear(x: input([4, shape[1]]), weight: w), y: w)
      default: try mil.matmul(x: input([4, 64]), y: w)
      }
    return Program(functions: [try build.finish(outputs: [(name: "y", value: result)])])
  }

  private func run(
    _ program: inout Program, _ scheme: PaletteScheme, refuses: Bool = false
  ) throws -> CompressionReport {
    var options = CompressionOptions(.palette(scheme))
    options.minElements = 0
    options.indivisible = refuses ? .refuse : .perChannel
    return try WeightCompressor(options).run(&program)
  }

  private func operations(_ program: Program, _ type: String) -> [MIL.Operation] {
    program.functions[0].body.operations.filter { $0.type == type }
  }

  private func operands(_ operation: MIL.Operation) -> [String: String] {
    var found: [String: String] = [:]
    for input in operation.inputs {
      if case .literal(let constant)? = input.arguments.first {
        found[input.name] = constant.type.description
      }
    }
    return found
  }

  @Test(arguments: placements) func groupsLieAlongTheChannels(placement: Placement) throws {
    for (granularity, shape) in [
      (PaletteScheme.Granularity.outputGroups(8), placement.output),
      (.inputGroups(8), placement.input),
    ] {
      var program = try program(placement.operation, placement.shape)
      let report = try run(&program, PaletteScheme(bits: 4, granularity: granularity))
      let found = try #require(operations(program, "constexpr_lut_to_dense").first)
      #expect(
        operands(found) == ["indices": "uint4\(placement.shape)", "lut": "float16\(shape)"])
      #expect(found.name == "w")
      let entry = try #require(report.entries.first)
      #expect(entry.scheme == .palette(try PaletteScheme(bits: 4, granularity: granularity)))
      #expect(entry.note == nil)
    }
  }

  @Test(arguments: placements) func vectorsLieAlongTheChannels(placement: Placement) throws {
    var program = try program(placement.operation, placement.shape)
    _ = try run(
      &program, PaletteScheme(bits: 2, clusterSize: 4, hasChannelScale: true, tableDType: .int8))
    let lookup = try #require(operations(program, "constexpr_lut_to_dense").first)
    var shape = placement.shape
    shape[placement.axis] /= 4
    #expect(operands(lookup) == ["indices": "uint2\(shape)", "vector_axis": "int32[]"])
    guard case .literal(let axis)? = lookup.argument("vector_axis"),
      case .tensor(let data) = axis.payload
    else {
      Issue.record("no vector axis")
      return
    }
    #expect(data.ints == [placement.axis])
    let scales = operations(program, "constexpr_blockwise_shift_scale")
    #expect(scales.count == 2)
    let ones = [Int](repeating: 1, count: placement.shape.count)
    #expect(
      operands(scales[0]) == ["data": "int8\(ones + [4, 4])", "scale": "float16\(ones + [1, 1])"])
    var extents = placement.shape
    extents[placement.axis] = 1
    #expect(operands(scales[1]) == ["scale": "float16\(extents)"])
    #expect(scales[1].name == "w")
  }

  @Test func olderTargets() throws {
    var program = try program("linear", [96, 64], .iOS16)
    _ = try run(&program, PaletteScheme(bits: 6))
    let found = try #require(operations(program, "constexpr_lut_to_dense").first)
    #expect(
      operands(found) == [
        "indices": "uint8[4608]", "lut": "float16[64]", "shape": "uint32[2]",
      ])
    var grouped = try self.program("linear", [96, 64], .iOS17)
    let thrown = #expect(throws: DiagnosticList.self) {
      try run(&grouped, PaletteScheme(bits: 4, granularity: .outputGroups(8)))
    }
    #expect(thrown?.diagnostics.map(\.code) == [.unsupportedByTarget])
    #expect(
      thrown?.diagnostics.first?.message
        == "palettes per group of channels need the target iOS18, and the model is for iOS17")
  }

  @Test func whatGroupsDoNotDivide() throws {
    let scheme = try PaletteScheme(bits: 4, granularity: .outputGroups(36))
    var first = try program("linear", [96, 64])
    let entry = try #require(try run(&first, scheme).entries.first)
    #expect(entry.scheme == .palette(try PaletteScheme(bits: 4)))
    #expect(
      entry.note
        == "palettized per tensor: its 96 output channels do not divide into groups of 36 output "
        + "channels")
    var second = try program("linear", [96, 64])
    let thrown = #expect(throws: DiagnosticList.self) { try run(&second, scheme, refuses: true) }
    #expect(
      thrown?.diagnostics.first?.message
        == "weight 'w' of shape [96, 64]: its 96 output channels do not divide into groups of 36 "
        + "output channels")
    var third = try program("linear", [33, 64])
    let vectors = try #require(
      try run(&third, PaletteScheme(bits: 4, clusterSize: 2)).entries.first)
    #expect(vectors.scheme == nil)
    #expect(vectors.note == "its 33 output channels do not divide into vectors of 2")
  }

  @Test func usesThatDisagree() throws {
    var first = try program("both ways", [64, 64])
    let grouped = try PaletteScheme(bits: 4, granularity: .outputGroups(8))
    let entry = try #require(try run(&first, grouped).entries.first)
    #expect(entry.scheme == nil)
    #expect(entry.note == "its uses (linear and matmul) disagree about its channel axes")
    // One table needs no axis.
    var second = try program("both ways", [64, 64])
    #expect(try run(&second, PaletteScheme(bits: 4)).quantized.count == 1)
    var third = try program("twice", [64, 64])
    #expect(try run(&third, grouped).quantized.count == 1)
  }

  @Test func distinctValues() throws {
    let scheme = try PaletteScheme(bits: 2, mode: .unique, granularity: .outputGroups(2))
    var few = try program("linear", [4, 6], values: (0..<24).map { Double($0 / 6) })
    #expect(try run(&few, scheme).quantized.count == 1)
    var most = try program("linear", [4, 6], values: (0..<24).map { Double($0 % 5) })
    #expect(
      try run(&most, scheme).entries.first?.note
        == "group 0 of weight 'w' holds 5 distinct values, and a table of 2 bits holds 4")
  }
}
