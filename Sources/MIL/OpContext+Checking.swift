// SPDX-License-Identifier: Apache-2.0
package import Diagnostics
import Tensors

extension OpContext {
  /// Holds the operation against its signature and constraints, and gives its result types.
  /// Throws the first thing that is wrong.
  package func checkedResults() throws -> [ValueType] {
    if let fault = signatureFaults().first { throw fault }
    for constraint in spec.constraints { try constraint.check(self) }
    return try spec.results(self)
  }

  /// Everything that the signature has against the operands: missing, unknown, not constant, of a
  /// kind or dtype that is not allowed.
  package func signatureFaults() -> [Diagnostic] {
    var domains: [Domain: (DType, operand: String)] = [:]
    var collector = DiagnosticCollector()
    for operand in signature.operands {
      collector.catching(at: location) { try check(operand, &domains) }
    }
    for input in operation.inputs where signature.operand(input.name) == nil {
      collector.report(
        fault("has no operand '\(input.name)' in \(opset)", .unsupportedByTarget))
    }
    return collector.diagnostics
  }

  private func check(
    _ operand: Operand, _ domains: inout [Domain: (DType, operand: String)]
  ) throws {
    let name = operand.name
    let arguments = operation.arguments(name)
    if arguments.isEmpty {
      if operand.isOptional || operand.kind == .variadic { return }
      throw fault("operand '\(name)' is missing")
    }
    if operand.kind == .variadic { return }
    guard arguments.count == 1 else {
      throw fault("'\(name)' is bound to \(arguments.count) values, not one", .invalidProgram)
    }
    if operand.isConstant && !isConstant(name) {
      throw fault("'\(name)' must be a constant", .unsupportedArgument)
    }
    switch operand.kind {
    case .state:
      guard case .state = try valueType(of: name) else {
        throw fault("'\(name)' must be a state", .typeMismatch)
      }
    case .list:
      guard case .list = try valueType(of: name) else {
        throw fault("'\(name)' must be a list", .typeMismatch)
      }
    case .tensor, .variadic: try checkDType(operand, &domains)
    }
  }

  private func checkDType(
    _ operand: Operand, _ domains: inout [Domain: (DType, operand: String)]
  ) throws {
    if case .any = operand.types { return }
    let found = try dtype(operand.name)
    let allowed = signature.dtypes(of: operand)
    guard allowed.contains(found) else {
      let names = allowed.map(\.rawValue).joined(separator: ", ")
      throw fault(
        "'\(operand.name)' is \(found.rawValue), which \(opset) does not allow (\(names))",
        .typeMismatch)
    }
    guard case .domain(let domain) = operand.types else { return }
    if let (other, first) = domains[domain], other != found {
      throw fault(
        "'\(operand.name)' is \(found.rawValue) but '\(first)' is \(other.rawValue)",
        .typeMismatch)
    }
    domains[domain] = (found, operand.name)
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
