// SPDX-License-Identifier: Apache-2.0
package import Diagnostics

/// Operands of `function` that are too many, too few or of a dtype that their operation does not
/// take in the function's own opset; what else may be wrong shows when it runs.
///
/// Operations that are not in the catalogue are left to whoever runs them. All are `.invalidProgram`.
package func operandFaults(
  of function: Function, catalogue: Catalogue = .standard
) -> [Diagnostic] {
  var values = function.values
  values.markConstantExpressions(in: function.body)
  let check = OperandCheck(
    opset: function.opset, catalogue: catalogue, values: values,
    scope: SymbolScope(function.symbols))
  return check.faults(function.body)
}

private struct OperandCheck {
  let opset: Opset
  let catalogue: Catalogue
  let values: ValueTable
  let scope: SymbolScope

  func faults(_ block: Block) -> [Diagnostic] {
    block.operations.flatMap { operation in
      faults(operation) + operation.blocks.flatMap(faults)
    }
  }

  private func faults(_ operation: Operation) -> [Diagnostic] {
    guard operation.type != "const", let spec = catalogue[operation.type],
      let signature = spec.signature(in: opset)
    else { return [] }
    let context = OpContext(
      operation.bindingAttributes(of: signature), spec: spec, signature: signature, opset: opset,
      values: values, scope: scope)
    return context.signatureFaults().compactMap { fault in
      // An operand that Core ML wants constant can be run when it is not.
      if fault.code == .unsupportedArgument { return nil }
      var copy = fault
      copy.code = .invalidProgram
      return copy
    }
  }
}
