// SPDX-License-Identifier: Apache-2.0
import Compression
import Diagnostics
import MIL
import Tensors
import Testing

@Suite struct ImportanceTests {
  private static let shape = [64, 96]

  private func program(_ values: [Double]) throws -> Program {
    let build = FunctionBuilder(opset: .iOS18)
    let x = build.input("x", .tensor(.float16, fixed: [1, Self.shape[1]]))
    let data = try TensorData(values, as: .float16, shape: Self.shape)
    let y = try build.mil.linear(x: x, weight: build.const("w", Constant(MemorySource(data))))
    return Program(functions: [try build.finish(outputs: [(name: "y", value: y)])])
  }

  private var values: [Double] {
    var numbers = Numbers(seed: 4)
    return (0..<Self.shape.reduce(1, *)).map { _ in
      let unit = Double(numbers.unit())
      return Double(Float16(unit * unit * unit))
    }
  }

  private func report(_ importance: ImportanceTable?) throws -> CompressionReport {
    var program = try program(values)
    var options = CompressionOptions(
      .linear(try QuantizationScheme(.int4, .block(32), fit: .error)))
    options.importance = importance
    return try WeightCompressor(options).run(&program)
  }

  /// The squared error of the stored weight, each input channel counted as `importance` says.
  private func noise(_ report: CompressionReport, _ importance: [Float]) throws -> Double {
    let compressed = try #require(report.entries[0].compressed)
    let stored = try compressed.expression(in: .iOS18).decoded().materialized().floats
    let values = values
    return stored.indices.reduce(0) { sum, i in
      let difference = Double(stored[i]) - values[i]
      return sum + difference * difference * Double(importance[i % Self.shape[1]])
    }
  }

  @Test func errorsCountWhereTheyMatter() throws {
    let importance = (0..<Self.shape[1]).map { Float($0 % 8 == 3 ? 5 : 0.05) }
    let plain = try report(nil)
    let weighted = try report(ImportanceTable(["w": importance]))
    let equal = try report(ImportanceTable(["w": importance.map { _ in 3 }]))
    let ones = importance.map { _ in Float(1) }
    #expect(try noise(weighted, importance) < 0.9 * noise(plain, importance))
    #expect(try noise(plain, ones) < noise(weighted, ones))
    #expect(try noise(plain, ones) == noise(equal, ones))
    #expect(weighted.entries[0].compressed?.key != plain.entries[0].compressed?.key)
  }

  struct Defect: Sendable, CustomTestStringConvertible {
    var vectors: [String: [Float]]
    var code: Diagnostic.Code
    var message: String
    var testDescription: String { message }
  }

  static let defects = [
    Defect(
      vectors: ["w": [1, 2, 3]], code: .shapeMismatch,
      message:
        "the importance of weight 'w' has 3 numbers, and the weight of shape [64, 96] has 96 "
        + "input channels"),
    Defect(
      vectors: ["v": [1]], code: .usage,
      message: "there is an importance for 'v', and no weight has that name"),
    Defect(
      vectors: ["w": [1, -2]], code: .malformed, message: "the importance of channel 1 is -2.0"),
    Defect(
      vectors: ["w": [.nan, 1]], code: .malformed, message: "the importance of channel 0 is nan"),
    Defect(
      vectors: ["w": [0, 0]], code: .malformed, message: "no channel has an importance above 0"),
    Defect(vectors: ["w": []], code: .malformed, message: "no channel has an importance above 0"),
  ]

  @Test(arguments: defects)
  func isRefused(defect: Defect) throws {
    do {
      _ = try report(ImportanceTable(defect.vectors))
      Issue.record("nothing was thrown")
    } catch let problem as Diagnostic {
      #expect(problem.code == defect.code && problem.message == defect.message)
    } catch let problems as DiagnosticList {
      let problem = try #require(problems.diagnostics.first)
      #expect(problem.code == defect.code && problem.message == defect.message)
    }
  }
}
