// SPDX-License-Identifier: Apache-2.0
import Compression
import Diagnostics
import MIL
import Tensors
import Testing

/// Weights that are not like others, and exactly what becomes of each in each scheme.
@Suite struct OddWeightsTests {
  enum Outcome: Sendable, Equatable {
    /// Written; decodes to these values.
    case stored([Float], note: String? = nil)
    case left(String)
    /// An error, before anything is written or while it is.
    case refused(Diagnostic.Code, String, fix: String?)
  }

  struct Row: Sendable, CustomTestStringConvertible {
    var what: String
    var shape: [Int]
    var dtype = DType.float16
    var values: [Float]
    var scheme: CompressionScheme
    var operation = "linear"
    var refusesIndivisible = false
    var outcome: Outcome
    var testDescription: String { "\(what) \(shape) \(dtype.rawValue), \(operation), \(scheme)" }
  }

  @Test(arguments: OddWeightsTests.linear)
  func outcome(row: Row) throws {
    #expect(try outcome(of: row) == row.outcome)
  }

  private func outcome(of row: Row) throws -> Outcome {
    var program = try program(row)
    do {
      var options = CompressionOptions(row.scheme)
      options.minElements = 0
      options.indivisible = row.refusesIndivisible ? .refuse : .perChannel
      let entry = try #require(try WeightCompressor(options).run(&program).entries.first)
      guard let compressed = entry.compressed else { return .left(entry.note ?? "") }
      let values = try compressed.expression(in: .iOS18).decoded().materialized()
      #expect(values.shape == row.shape && values.dtype == row.dtype)
      return .stored(values.floats, note: entry.note)
    } catch let problem as Diagnostic {
      return .refused(problem.code, problem.message, fix: problem.remedy)
    } catch let problems as DiagnosticList {
      let problem = try #require(problems.diagnostics.first)
      return .refused(problem.code, problem.message, fix: problem.remedy)
    }
  }

  private func program(_ row: Row) throws -> Program {
    let build = FunctionBuilder(opset: .iOS18)
    let data = try TensorData(row.values.map { Double($0) }, as: row.dtype, shape: row.shape)
    let weight = build.const("w", Constant(MemorySource(data)))
    let output: Value
    if row.operation == "gather" {
      let indices = build.input("i", .tensor(.int32, fixed: [1]))
      output = try build.mil.gather(x: weight, indices: indices, axis: 0)
    } else {
      let x = build.input("x", .tensor(row.dtype, fixed: [1, row.shape[1]]))
      output = try build.mil.linear(x: x, weight: weight)
    }
    return Program(functions: [try build.finish(outputs: [(name: "y", value: output)])])
  }
}

extension OddWeightsTests {
  private static func scheme(
    _ dtype: DType, _ granularity: QuantizationScheme.Granularity,
    _ fit: QuantizationScheme.Fit, _ mode: QuantizationScheme.Mode = .symmetric
  ) -> CompressionScheme? {
    (try? QuantizationScheme(dtype, granularity, mode, fit: fit)).map { .linear($0) }
  }

  private static let notFinite = Outcome.refused(
    .notRepresentable, "weight 'w' holds an infinity or a NaN, which no scale can represent",
    fix: "leave it as it is with --exclude 'w'")

  /// Linear quantization. Other families have tables of their own beside this one.
  static let linear: [Row] = QuantizationScheme.Fit.allCases.flatMap { fit -> [Row] in
    guard let int4 = scheme(.int4, .perChannel, fit), let blocks = scheme(.int4, .block(4), fit),
      let uint4 = scheme(.uint4, .perChannel, fit), let int8 = scheme(.int8, .perTensor, fit),
      let asymmetric = scheme(.uint4, .perChannel, fit, .asymmetric)
    else { return [] }
    let all = [int4, blocks, uint4, int8, asymmetric]
    let tiny: Float = 0x1p-24
    var rows: [Row] = []
    for scheme in all {
      for value in [Float.infinity, -.infinity, .nan] {
        rows += [
          Row(
            what: "\(value)", shape: [2, 4], values: [1, 2, 3, 4, 1, value, 2, 3], scheme: scheme,
            outcome: notFinite),
          Row(
            what: "\(value)", shape: [2, 4], values: [1, 2, 3, 4, 1, value, 2, 3], scheme: scheme,
            operation: "gather",
            outcome: .left("holds an infinity or a NaN, which no scale can represent")),
        ]
      }
      rows += [
        Row(
          what: "all zeros", shape: [2, 4], values: [Float](repeating: 0, count: 8),
          scheme: scheme, outcome: .stored([Float](repeating: 0, count: 8))),
        Row(
          what: "no elements", shape: [0, 4], values: [], scheme: scheme,
          outcome: .left("has no more than 0 elements")),
      ]
    }
    rows += [
      Row(
        what: "one element", shape: [1, 1], values: [3.5], scheme: int4, outcome: .stored([3.5])),
      Row(
        what: "one element", shape: [1, 1], values: [-3.5], scheme: int4,
        outcome: .stored([-3.5])),
      Row(
        what: "one element", shape: [1, 1], values: [7.5], scheme: asymmetric,
        outcome: .stored([7.5])),
      Row(
        what: "an odd count", shape: [3, 5],
        values: [3.5, -3.5, 1.5, 0, 0.5, 7, 1, 2, -3, 0, -14, 2, 4, 6, 8], scheme: int4,
        outcome: .stored([3.5, -3.5, 1.5, 0, 0.5, 7, 1, 2, -3, 0, -14, 2, 4, 6, 8])),
      Row(
        what: "denormals", shape: [1, 4], values: [tiny, 2 * tiny, -3 * tiny, 7 * tiny],
        scheme: int4, outcome: .stored([tiny, 2 * tiny, -3 * tiny, 7 * tiny])),
      // Their scale by extremes is less than half the smallest float16: everything becomes zero.
      Row(
        what: "the smallest denormals", shape: [1, 4], values: [tiny, 0, -tiny, tiny],
        scheme: int4,
        outcome: .stored(fit == .minMax ? [0, 0, 0, 0] : [tiny, 0, -tiny, tiny])),
      Row(
        what: "denormals", shape: [1, 4], dtype: .float32,
        values: [0x1p-149, -0x1p-148, 0, 7 * 0x1p-149], scheme: int4,
        outcome: .stored([0x1p-149, -0x1p-148, 0, 7 * 0x1p-149])),
      Row(
        what: "large numbers", shape: [1, 4], values: [57344, -49152, 8192, 0], scheme: int4,
        outcome: .stored([57344, -49152, 8192, 0])),
      Row(
        what: "blocks that do not divide", shape: [2, 5],
        values: [7, -7, 1, 2, 3, 14, 2, 4, -6, 0], scheme: blocks,
        outcome: .stored(
          [7, -7, 1, 2, 3, 14, 2, 4, -6, 0],
          note: "quantized per channel: its 5 input channels do not divide into blocks of 4")),
      Row(
        what: "blocks that do not divide", shape: [2, 5],
        values: [7, -7, 1, 2, 3, 14, 2, 4, -6, 0], scheme: blocks, refusesIndivisible: true,
        outcome: .refused(
          .unsupportedArgument,
          "weight 'w' of shape [2, 5]: its 5 input channels do not divide into blocks of 4",
          fix: "choose a block size that divides it, or let such weights be quantized per channel")
      ),
    ]
    return rows
  }

  @Test func tableIsComplete() {
    #expect(Self.linear.count > 80)
  }

  @Test(arguments: [DType.uint1, .uint2, .uint3, .uint6])
  func widthsWithoutScales(dtype: DType) {
    let problem = #expect(throws: Diagnostic.self) { try QuantizationScheme(dtype, .perChannel) }
    #expect(
      problem?.message
        == "Core ML has no weights of \(dtype.rawValue) with a scale (it has int4, uint4, int8, "
        + "uint8)")
    #expect(
      problem?.remedy
        == "use --palette \(dtype.bitWidth) --palette-mode uniform, a table of evenly spaced values"
    )
  }
}
