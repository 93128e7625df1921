// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import MIL
package import Tensors

/// Runs single operations: what constant folding and the kernels' tests use.
package enum Evaluator {
  /// The results of an operation whose operands are all constants of `values`.
  ///
  /// `nil` where the operation has no kernel, no operands or other effects, where an operand is not
  /// constant, or where a result is not numbers.
  package static func evaluate(
    _ operation: Operation, values: ValueTable, opset: Opset
  ) throws -> [TensorData]? {
    guard let kernel = Kernel.byName[operation.type], kernel.isPure, operation.blocks.isEmpty,
      !operation.inputs.isEmpty
    else { return nil }
    var operands: [(name: String, values: [RuntimeValue])] = []
    for input in operation.inputs {
      var decoded: [RuntimeValue] = []
      for argument in input.arguments {
        switch argument {
        case .literal(let constant): decoded.append(try constant.runtimeValue())
        case .value(let id):
          guard let constant = values[id].constant else { return nil }
          decoded.append(try constant.runtimeValue())
        }
      }
      operands.append((input.name, decoded))
    }
    let results = try run(
      kernel, at: operation.place, opset: opset, operands: operands, dense: LibraryDense())
    let tensors = results.compactMap(\.tensor)
    guard tensors.count == results.count, tensors.allSatisfy({ $0.dtype != .string }) else {
      return nil
    }
    return try tensors.map { try $0.data() }
  }

  /// The results of an operation over tensors.
  package static func evaluate(
    _ type: String, opset: Opset, operands: [(name: String, tensors: [Tensor])],
    dense: any DenseBackend = LibraryDense()
  ) throws -> [Tensor] {
    let location = Location(operation: type)
    guard let kernel = Kernel.byName[type] else {
      throw Diagnostic.error(
        .unsupportedOperation, at: location, "the executor has no kernel for '\(type)'")
    }
    return try run(
      kernel, at: location, opset: opset,
      operands: operands.map { ($0.name, $0.tensors.map { .tensor($0) }) }, dense: dense
    ).compactMap(\.tensor)
  }

  private static func run(
    _ kernel: Kernel, at location: Location, opset: Opset,
    operands: [(name: String, values: [RuntimeValue])], dense: any DenseBackend
  ) throws -> [RuntimeValue] {
    try kernel.run(
      KernelCall(
        kernel.name, at: location, opset: opset, dense: dense,
        operands: operands.map { name, values in
          (name: name, arguments: values.map { KernelCall.Argument(value: $0) })
        }))
  }
}
