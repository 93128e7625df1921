// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import ModelPackKit

/// The documents of `--json`, as text; described in `Schemas/`.
extension Inspection {
  /// With the list of operations where it was asked for.
  func document(operations: [OperationSummary]?) -> String {
    guard case .object(var object) = json else { return "" }
    if let operations { object["operationList"] = .array(operations.map(\.json)) }
    return JSON.object(object).text(.pretty)
  }
}

extension OperationSummary {
  fileprivate var json: JSON {
    [
      "function": .string(function), "type": .string(type), "name": .string(name),
      "depth": .integer(depth), "results": .array(results.map { .string($0) }),
      "origin": .string(origin),
    ]
  }
}

extension QuantizationSummary {
  func document(output: String) -> String {
    guard case .object(var object) = json else { return "" }
    object["output"] = .string(output)
    return JSON.object(object).text(.pretty)
  }
}

extension DecompressionSummary {
  func document(output: String) -> String {
    guard case .object(var object) = json else { return "" }
    object["output"] = .string(output)
    return JSON.object(object).text(.pretty)
  }
}

extension WeightComparison {
  func document(first: String, second: String, passed: Bool) -> String {
    guard case .object(var object) = json else { return "" }
    object["first"] = .string(first)
    object["second"] = .string(second)
    object["passed"] = .bool(passed)
    return JSON.object(object).text(.pretty)
  }
}

extension RunResult {
  var document: String { json.text(.pretty) }
}

extension Validation {
  var document: String { json.text(.pretty) }
}

enum CheckDocument {
  static func text(_ package: String, _ target: String, _ problems: [Diagnostic]) -> String {
    let json: JSON = [
      "package": .string(package), "target": .string(target), "passed": .bool(problems.isEmpty),
      "problems": .array(problems.map(\.json)),
    ]
    return json.text(.pretty)
  }
}

enum ConversionDocument {
  /// What was written, and the warnings on the way.
  static func text(
    _ inspection: Inspection, _ quantization: QuantizationSummary?, _ warnings: [Diagnostic]
  ) -> String {
    let json: JSON = .members([
      ("output", .string(inspection.path)), ("target", .string(inspection.target)),
      ("specificationVersion", .integer(inspection.specificationVersion)),
      ("bytes", .integer(inspection.bytes)),
      ("inputs", .array((inspection.main?.inputs ?? []).map(\.json))),
      ("outputs", .array((inspection.main?.outputs ?? []).map(\.json))),
      ("states", .array((inspection.main?.states ?? []).map(\.json))),
      ("quantization", quantization?.json), ("warnings", .array(warnings.map(\.json))),
    ])
    return json.text(.pretty)
  }
}
