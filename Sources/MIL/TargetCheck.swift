// SPDX-License-Identifier: Apache-2.0
package import Diagnostics
import Tensors

/// Everything of `program` that `opset` cannot express: operations, operands, constness, dtypes.
/// Each is one diagnostic that says where it comes from and, where one would do, which target.
///
/// A function of an older opset is held against its own, which newer systems still run. An operand
/// that `opset` lacks is no violation where it says what the operation does without it.
package func violations(
  of program: Program, for opset: Opset, catalogue: Catalogue = .standard
) -> [Diagnostic] {
  program.functions.flatMap { function in
    var check = TargetCheck(function, min(function.opset, opset), catalogue)
    check.visit(function.body)
    return check.diagnostics
  }
}

/// One walk over a function.
private struct TargetCheck {
  let opset: Opset
  let catalogue: Catalogue
  let values: ValueTable
  let scope: SymbolScope
  var diagnostics: [Diagnostic] = []

  init(_ function: Function, _ opset: Opset, _ catalogue: Catalogue) {
    self.opset = opset
    self.catalogue = catalogue
    var values = function.values
    values.markConstantExpressions(in: function.body)
    self.values = values
    scope = SymbolScope(function.symbols)
  }

  mutating func visit(_ block: Block) {
    for operation in block.operations {
      check(operation)
      for nested in operation.blocks { visit(nested) }
    }
  }

  private mutating func check(_ operation: Operation) {
    let ids =
      operation.operands + operation.outputs + operation.blocks.flatMap { $0.inputs + $0.outputs }
    // The verifier reports values that do not exist.
    guard operation.type != "const", ids.allSatisfy(values.contains) else { return }
    let found = problems(of: operation, in: opset)
    guard !found.isEmpty else { return }
    let later = Opset.allCases.first { $0 > opset && problems(of: operation, in: $0).isEmpty }
    diagnostics += found.map { problem in
      guard let later else { return problem }
      var copy = problem
      copy.code = .unsupportedByTarget
      copy.remedy = "use a target of \(later) or later"
      return copy
    }
  }

  private func problems(of operation: Operation, in opset: Opset) -> [Diagnostic] {
    guard let spec = catalogue[operation.type] else {
      return [
        .error(
          .unsupportedOperation, at: operation.location,
          "'\(operation.type)' is no operation of MIL")
      ]
    }
    guard let signature = spec.signature(in: opset) else {
      return [
        .error(
          .unsupportedByTarget, at: operation.location,
          "needs the MIL operation '\(operation.type)', which \(opset) lacks")
      ]
    }
    let context = OpContext(
      plain(operation.bindingAttributes(of: signature), spec, signature), spec: spec,
      signature: signature, opset: opset, values: values, scope: scope)
    let faults = context.signatureFaults()
    guard faults.isEmpty else { return faults }
    var collector = DiagnosticCollector()
    if let types = collector.catching(at: operation.location, context.checkedResults) {
      return types.compactMap { resultFault($0, context) }
    }
    return collector.diagnostics
  }

  /// `operation` without the operands that `signature` lacks and that say nothing.
  private func plain(_ operation: Operation, _ spec: OpSpec, _ signature: Signature) -> Operation {
    var copy = operation
    copy.inputs.removeAll { input in
      guard signature.operand(input.name) == nil,
        let operand = spec.revisions.compactMap({ $0.operand(input.name) }).last,
        let literal = operand.defaultValue, let constant = constant(input)
      else { return false }
      return constant.equals(literal)
    }
    return copy
  }

  private func constant(_ input: Operation.Input) -> Constant? {
    switch input.arguments.first {
    case .value(let id): values[id].constant
    case .literal(let constant): constant
    case nil: nil
    }
  }

  /// What `opset` has against a result of `type` that is computed at run time. An `identity` only
  /// passes on what another operation or an input is at fault for, and a `classify` gives labels.
  private func resultFault(_ type: ValueType, _ context: OpContext) -> Diagnostic? {
    guard let dtype = type.tensor?.dtype,
      !["classify", "identity"].contains(context.operation.type),
      !context.operation.isConstantExpression,
      !allowed(in: context.opset).contains(dtype)
    else { return nil }
    return context.fault(
      "the result is \(dtype.rawValue), which \(context.opset) does not allow", .typeMismatch)
  }

  private func allowed(in opset: Opset) -> [DType] {
    (opset < .iOS17 ? .numbersAndBool : .runtime) + [.string]
  }
}

extension Constant {
  /// Whether the constant is the one value that `literal` is.
  fileprivate func equals(_ literal: Literal) -> Bool {
    if case .string(let value) = literal { return string == value }
    guard let data = try? smallTensor() else { return false }
    return switch literal {
    case .int(let value): data.doubles == [Double(value)]
    case .float(let value): data.doubles == [value]
    case .bool(let value): data.bools == [value]
    case .ints(let values): data.ints == values
    case .string: false
    }
  }
}
