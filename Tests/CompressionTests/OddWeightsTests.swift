// SPDX-License-Identifier: Apache-2.0
import Compression
import Diagnostics
import MIL
import Tensors
import Testing

/// Weights that are not like others, and exactly what becomes of each in each scheme.
@Suite struct OddWeightsTests {
  enum Outcome: Sendable, Equatable, CustomStringConvertible {
    /// Written; decodes to values of these bits, any NaN to one.
    case bits([UInt32], note: String?)
    case left(String)
    /// An error, before anything is written or while it is.
    case refused(Diagnostic.Code, String, fix: String?)

    static func stored(_ values: [Float], note: String? = nil) -> Outcome {
      .bits(values.map { $0.isNaN ? Float.nan.bitPattern : $0.bitPattern }, note: note)
    }

    var description: String {
      switch self {
      case .bits(let bits, let note): "\(bits.map(Float.init(bitPattern:))) \(note ?? "")"
      case .left(let reason): "left: \(reason)"
      case .refused(let code, let message, let fix): "\(code): \(message), \(fix ?? "")"
      }
    }
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
  func linear(row: Row) throws {
    try check(row)
  }

  @Test(arguments: OddWeightsTests.palettes)
  func palette(row: Row) throws {
    try check(row)
  }

  @Test(arguments: OddWeightsTests.sparse)
  func sparse(row: Row) throws {
    try check(row)
  }

  @Test(arguments: OddWeightsTests.joint)
  func joint(row: Row) throws {
    try check(row)
  }

  /// Every kind of oddity is in every family, for both dtypes.
  @Test func tablesAreComplete() {
    let oddities = [
      "inf", "-inf", "nan", "all zeros", "no elements", "one element", "an odd count", "denormals",
      "what does not divide",
    ]
    for table in [Self.linear, Self.palettes, Self.sparse, Self.joint] {
      for dtype in [DType.float16, .float32] {
        let found = Set(table.filter { $0.dtype == dtype }.map(\.what))
        #expect(found.isSuperset(of: oddities), "\(Set(oddities).subtracting(found)) \(dtype)")
      }
    }
  }

  private func check(_ row: Row) throws {
    let found = try outcome(of: row)
    #expect(found == row.outcome, "\(found)")
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

extension OddWeightsTests.Row {
  /// The same for float16 and float32.
  var both: [Self] {
    var other = self
    other.dtype = .float32
    return [self, other]
  }
}

extension OddWeightsTests {
  /// Infinities and NaNs in a weight of `linear`, which is refused, and of `gather`, which is left.
  static func notFinite(_ scheme: CompressionScheme, _ kind: String) -> [Row] {
    [Float.infinity, -.infinity, .nan].flatMap { value in
      let row = Row(
        what: "\(value)", shape: [2, 4], values: [1, 2, 3, 4, 1, value, 2, 3], scheme: scheme,
        outcome: .refused(
          .notRepresentable,
          "weight 'w' holds an infinity or a NaN, which no \(kind) can represent",
          fix: "leave it as it is with --exclude 'w'"))
      var table = row
      table.operation = "gather"
      table.outcome = .left("holds an infinity or a NaN, which no \(kind) can represent")
      return row.both + table.both
    }
  }

  static func empty(_ scheme: CompressionScheme) -> [Row] {
    Row(
      what: "no elements", shape: [0, 4], values: [], scheme: scheme,
      outcome: .left("has no more than 0 elements")
    ).both
  }
}
