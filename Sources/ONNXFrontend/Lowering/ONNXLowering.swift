// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// How one operator of ONNX is said in MIL, from one version of its operator set on.
package struct ONNXLowering: Sendable {
  package let opType: String
  /// Empty for ONNX's own operators.
  package let domain: String
  /// The first opset with this meaning; it holds until the next row of the operator.
  package let since: Int
  let inputs: [Port]
  let attributes: Set<String>
  let results: [ResultType]
  let fold: Fold?
  let lower: Lower

  typealias Lower = @Sendable (NodeCall, FunctionBuilder) throws -> [ONNXValue]
  /// The result where it is known while lowering.
  typealias Fold = @Sendable (NodeCall) throws -> Known?

  /// An input of the schema: `X`, `bias?` (may be left out) or `inputs*` (any number).
  struct Port: Sendable {
    let name: String
    let isOptional: Bool
    let isVariadic: Bool

    init(_ text: String) {
      isOptional = text.hasSuffix("?")
      isVariadic = text.hasSuffix("*")
      name = isOptional || isVariadic ? String(text.dropLast()) : text
    }
  }

  /// The element type of a result, in the words of the source.
  enum ResultType: Sendable {
    /// That of the first input, where the program's dtype agrees; the program's otherwise.
    case first
    case dtype(DType)
    case by(@Sendable (NodeCall) throws -> DType)
  }

  /// A lowering with one result.
  /// - Parameter inputs: names of the schema, separated by spaces (`X W B?`).
  /// - Parameter attributes: those that the operator has; others are refused.
  init(
    _ opType: String, domain: String = "", since: Int = 1, _ inputs: String,
    attributes: String = "", result: ResultType = .first, fold: Fold? = nil,
    lower: @escaping @Sendable (NodeCall, FunctionBuilder) throws -> Value
  ) {
    self.init(
      row: opType, domain, since, inputs, attributes, [result], fold
    ) { node, build in
      [try node.result(lower(node, build), 0)]
    }
  }

  /// A lowering with several results.
  static func several(
    _ opType: String, domain: String = "", since: Int = 1, _ inputs: String,
    attributes: String = "", results: [ResultType] = [.first],
    lower: @escaping @Sendable (NodeCall, FunctionBuilder) throws -> [Value]
  ) -> ONNXLowering {
    ONNXLowering(row: opType, domain, since, inputs, attributes, results, nil) { node, build in
      try lower(node, build).enumerated().map { try node.result($0.element, $0.offset) }
    }
  }

  /// A lowering that decides itself what its results are.
  static func custom(
    _ opType: String, domain: String = "", since: Int = 1, _ inputs: String,
    attributes: String = "", lower: @escaping Lower
  ) -> ONNXLowering {
    ONNXLowering(row: opType, domain, since, inputs, attributes, [.first], nil, lower)
  }

  private init(
    row opType: String, _ domain: String, _ since: Int, _ inputs: String, _ attributes: String,
    _ results: [ResultType], _ fold: Fold?, _ lower: @escaping Lower
  ) {
    self.opType = opType
    self.domain = domain
    self.since = since
    self.inputs = inputs.split(separator: " ").map { Port(String($0)) }
    self.attributes = Set(attributes.split(separator: " ").map(String.init))
    self.results = results
    self.fold = fold
    self.lower = lower
  }
}

extension ONNXLowering {
  private struct Key: Hashable {
    let domain: String
    let opType: String
  }

  /// Rows by operator, newest first.
  private static let table: [Key: [ONNXLowering]] = {
    Dictionary(grouping: all) { Key(domain: $0.domain, opType: $0.opType) }
      .mapValues { rows in rows.sorted { $0.since > $1.since } }
  }()

  /// The row for an operator in a version of its operator set.
  static func find(_ opType: String, domain: String, opset: Int) -> ONNXLowering? {
    table[Key(domain: domain, opType: opType)]?.first { $0.since <= opset }
  }

  /// Whether any version of the operator is supported.
  static func isKnown(_ opType: String, domain: String) -> Bool {
    table[Key(domain: domain, opType: opType)] != nil
  }
}
