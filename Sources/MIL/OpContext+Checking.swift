// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tensors

extension OpContext {
  /// Holds the operation against its signature and constraints, and gives its result types.
  package func checkedResults() throws -> [ValueType] {
    try checkSignature()
    for constraint in spec.constraints { try constraint.check(self) }
    return try spec.results(self)
  }

  private func checkSignature() throws {
    var domains: [Domain: (DType, operand: String)] = [:]
    for operand in signature.operands {
      let arguments = operation.arguments(operand.name)
      if arguments.isEmpty {
        if operand.isOptional || operand.kind == .variadic { continue }
        throw fault("operand '\(operand.name)' is missing")
      }
      if operand.isConstant && !isConstant(operand.name) {
        throw fault("'\(operand.name)' must be a constant", .unsupportedArgument)
      }
      try check(operand, &domains)
    }
    for input in operation.inputs where signature.operand(input.name) == nil {
      throw fault("has no operand '\(input.name)' in \(opset)", .unsupportedByTarget)
    }
  }

  private func check(
    _ operand: Operand, _ domains: inout [Domain: (DType, operand: String)]
  ) throws {
    switch operand.kind {
    case .variadic: return
    case .state:
      guard case .state = try valueType(of: operand.name) else {
        throw fault("'\(operand.name)' must be a state")
      }
      return
    case .list:
      guard case .list = try valueType(of: operand.name) else {
        throw fault("'\(operand.name)' must be a list")
      }
      return
    case .tensor: break
    }
    if case .any = operand.types { return }
    let found = try dtype(operand.name)
    let allowed = signature.dtypes(of: operand)
    guard allowed.contains(found) else {
      let names = allowed.map(\.rawValue).joined(separator: ", ")
      throw fault(
        "'\(operand.name)' is \(found.rawValue), which \(opset) does not allow (\(names))",
        .typeMismatch)
    }
    if case .domain(let domain) = operand.types {
      if let (other, first) = domains[domain], other != found {
        throw fault(
          "'\(operand.name)' is \(found.rawValue) but '\(first)' is \(other.rawValue)",
          .typeMismatch)
      }
      domains[domain] = (found, operand.name)
    }
  }
}

extension Operation {
  /// Whether Core ML evaluates the operation when it loads the model (`constexpr_*`).
  package var isConstantExpression: Bool { type.hasPrefix("constexpr_") }
}

extension ValueInfo {
  /// Set on the results of `constexpr_*` operations over constants.
  package var isConstantExpression: Bool {
    get { constant == nil && constexpr }
    set { constexpr = newValue }
  }
}
