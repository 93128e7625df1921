// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import MIL
import Tensors

/// Replaces operations over constants by their results, where those are small.
///
///     %i = range_1d(end: 8, start: 0, step: 1)    %j = const() {val = int32[1, 8] ...}
///     %j = expand_dims(x: %i, axes: [0])
package struct FoldConstants: Pass {
  package static let id = "fold-constants"
  /// The most elements that a folded result may have: what it costs in bytes must be worth it.
  private let limit: Int

  package init(limit: Int = 1 << 16) {
    self.limit = limit
  }

  package func run(on function: inout Function, _ context: inout PassContext) throws {
    guard let evaluate = context.evaluate else { return }
    var block = function.body
    for index in block.operations.indices {
      let operation = block.operations[index]
      guard isFoldable(operation, function), let results = try evaluate(function, operation),
        results.count == operation.outputs.count
      else { continue }
      guard results.count == 1, let result = results.first, let id = operation.outputs.first else {
        continue
      }
      // An operation over constants that gives one value becomes a constant in its place.
      function.values[id].constant = Constant.numbers(result)
      function.values[id].type = .tensor(result.dtype, fixed: result.shape)
      var const = Operation("const", name: operation.name, origin: operation.origin)
      const.outputs = [id]
      block.operations[index] = const
    }
    function.body = block
  }

  private func isFoldable(_ operation: Operation, _ function: Function) -> Bool {
    guard operation.blocks.isEmpty, !operation.outputs.isEmpty,
      !Self.excluded.contains(operation.type), !operation.type.hasPrefix("constexpr_"),
      !operation.type.hasPrefix("random_")
    else { return false }
    guard
      operation.inputs.allSatisfy({ input in
        input.arguments.allSatisfy { argument in
          switch argument {
          case .literal: true
          case .value(let id): function.values[id].constant.map(isSmall) ?? false
          }
        }
      })
    else { return false }
    return operation.outputs.allSatisfy { id in
      guard let type = function.values[id].type.tensor else { return false }
      return (type.count ?? 0) <= limit
    }
  }

  private func isSmall(_ constant: Constant) -> Bool {
    switch constant.payload {
    case .tensor: true
    case .weights(let source): source.count <= 4 * limit
    case .strings: true
    default: false
    }
  }

  private static let excluded: Set<String> = [
    "const", "read_state", "write_state", "make_list", "classify", "custom_layer",
  ]
}
