// SPDX-License-Identifier: Apache-2.0
package import Diagnostics
package import MIL
import Tensors

extension TorchProgram {
  /// The program in MIL, at source precision: floats in float32, integers in int32.
  ///
  /// Throws a `DiagnosticList` of everything that stands in the way. What only needs to be known
  /// is reported to `warn`.
  package func lower(_ options: TorchOptions, warn: (Diagnostic) -> Void = { _ in }) throws
    -> Program
  {
    var lowering = ProgramLowering(self, options)
    let function = try lowering.run()
    lowering.warnings.forEach(warn)
    return Program(functions: [function])
  }

  /// Names of the inputs that a caller gives, in order.
  package var userInputs: [String] {
    inputs.compactMap { if case .user(.tensor(let name)) = $0 { name } else { nil } }
  }
}

extension TorchGraph {
  /// The tensors that nodes write to, directly or through views.
  var mutatedPlaceholders: Set<String> {
    var base: [String: String] = [:]
    var mutated: Set<String> = []
    for node in nodes {
      let sources = node.inputs.flatMap { $0.argument.names }
      mutated.formUnion(node.updatedStatistics.map { base[$0] ?? $0 })
      if node.isMutation, let target = sources.first { mutated.insert(base[target] ?? target) }
      for argument in node.inputs.compactMap(\.argument.graph) {
        let operands = node.inputs.filter { $0.argument.graph == nil }.flatMap { $0.argument.names }
        let inner = argument.mutatedPlaceholders
        for (input, operand) in zip(
          argument.inputs.flatMap(\.names), operands.suffix(argument.inputs.count))
        where inner.contains(input) { mutated.insert(base[operand] ?? operand) }
      }
      guard node.isMutation || ATenLowering.table[node.target]?.aliases ?? false,
        let first = sources.first, !isCopy(node)
      else { continue }
      for output in node.outputs.flatMap(\.names) { base[output] = base[first] ?? first }
    }
    return mutated
  }
}
