// SPDX-License-Identifier: Apache-2.0
import MIL
import ReferenceExecutor
import Tensors

/// Constant folding by the executor: what an operation means is written once.
enum ConstantEvaluation {
  /// The results of `operation` over constants; `nil` when it cannot be run by itself.
  static func evaluate(_ function: Function, _ operation: Operation) throws -> [TensorData]? {
    // An operation that cannot be evaluated stays as it is; what is wrong with it, if anything,
    // shows where it runs.
    try? Evaluator.evaluate(operation, values: function.values, opset: function.opset)
  }
}
