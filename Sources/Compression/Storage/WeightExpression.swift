// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import MIL
package import Tensors

/// A weight as a package stores it: a constant, or `constexpr_*` operations over constants.
///
/// This is what every compression scheme produces and what every reader of compressed weights
/// (`decompress`, `compare`, the error of a scheme) starts from.
package indirect enum WeightExpression: Sendable {
  case constant(Constant)
  /// An output of an operation. Two outputs of one operation are the same object.
  case result(WeightOperation, output: Int)

  /// The last output of a new operation.
  package static func operation(
    _ type: String, _ inputs: [(name: String, value: WeightExpression)], _ outputs: TensorType...
  ) -> WeightExpression {
    .result(WeightOperation(type, inputs, outputs), output: outputs.count - 1)
  }

  /// A recipe, to be written to the weight file; few numbers are kept in the program itself, as
  /// Core ML does. Throws when few numbers cannot be read.
  package static func source(_ source: any WeightSource) throws -> WeightExpression {
    .constant(source.count < 10 ? Constant(try source.materialized()) : Constant(source))
  }

  /// The type of the value; `nil` for a constant that is no tensor.
  package var type: TensorType? {
    switch self {
    case .constant(let constant): constant.type.tensor
    case .result(let operation, let output): operation.outputs[output]
    }
  }
}

/// A `constexpr_*` operation over constants and other such operations.
package final class WeightOperation: Sendable {
  package let type: String
  package let inputs: [(name: String, value: WeightExpression)]
  package let outputs: [TensorType]

  package init(
    _ type: String, _ inputs: [(name: String, value: WeightExpression)], _ outputs: [TensorType]
  ) {
    self.type = type
    self.inputs = inputs
    self.outputs = outputs
  }

  package subscript(name: String) -> WeightExpression? {
    inputs.first { $0.name == name }?.value
  }
}

extension WeightExpression {
  /// The operations that compute the value, each once, after those it reads.
  package var operations: [WeightOperation] {
    var found: [WeightOperation] = []
    func visit(_ expression: WeightExpression) {
      guard case .result(let operation, _) = expression,
        !found.contains(where: { $0 === operation })
      else { return }
      for input in operation.inputs { visit(input.value) }
      found.append(operation)
    }
    visit(self)
    return found
  }

  /// Bytes of the weight's data, tables, scales and zero points, as a package stores them.
  package var byteCount: Int {
    if case .constant(let constant) = self { return Self.bytes(of: constant) }
    return operations.reduce(0) { sum, operation in
      operation.inputs.reduce(sum) { sum, input in
        guard case .constant(let constant) = input.value,
          !["axis", "vector_axis", "shape"].contains(input.name)
        else { return sum }
        return sum + Self.bytes(of: constant)
      }
    }
  }

  private static func bytes(of constant: Constant) -> Int {
    guard let type = constant.type.tensor, let count = type.count else { return 0 }
    return type.dtype.byteCount(count) ?? 0
  }
}

extension Function {
  /// The operations of `expression`, the last of which gives `outputs` under the name `name`;
  /// values between them are new. They belong where the constant was that they replace.
  package mutating func operations(
    for expression: WeightExpression, name: String, outputs: [ValueID]
  ) throws -> [Operation] {
    guard case .result(let last, _) = expression else {
      throw Diagnostic.error(.internalError, "weight '\(name)' is stored without an operation")
    }
    var results: [ObjectIdentifier: [ValueID]] = [ObjectIdentifier(last): outputs]
    var written: [Operation] = []
    for operation in expression.operations {
      let isLast = operation === last
      let own = isLast ? name : "\(name)_\(operation.role)"
      if !isLast {
        results[ObjectIdentifier(operation)] = operation.outputs.enumerated().map { index, type in
          let suffix = operation.outputs.count > 1 ? "_\(index)" : ""
          var info = ValueInfo(name: own + suffix, type: .tensor(type))
          info.isConstantExpression = true
          return values.add(info)
        }
      }
      var new = Operation(
        operation.type, name: own, outputs: results[ObjectIdentifier(operation)] ?? [])
      new.inputs = operation.inputs.map { input in
        switch input.value {
        case .constant(let constant): .init(input.name, [.literal(constant)])
        case .result(let from, let output):
          .init(
            input.name, (results[ObjectIdentifier(from)]?[output]).map { [.value($0)] } ?? [])
        }
      }
      written.append(new)
    }
    return written
  }
}

extension WeightOperation {
  /// What the names of values between operations end in.
  fileprivate var role: String {
    switch type {
    case "constexpr_blockwise_shift_scale", "constexpr_affine_dequantize": "dequantized"
    case "constexpr_lut_to_dense": "palettized"
    case "constexpr_lut_to_sparse", "constexpr_sparse_blockwise_shift_scale": "sparse"
    default: "value"
    }
  }
}
