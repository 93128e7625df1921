// SPDX-License-Identifier: Apache-2.0
package import MIL

/// Removes operations whose results nothing uses and that change no state.
///
///     %a = const() ...          (nothing)
///     %b = add(x: %x, y: %a)    (nothing)
///     return %x                 return %x
package struct RemoveDeadCode: Pass {
  package static let id = "remove-dead-code"

  package init() {}

  package func run(on function: inout Function, _ context: inout PassContext) throws {
    var live = Set(function.body.outputs)
    function.body = pruned(function.body, &live)
  }

  /// Walks backward: an operation is kept when a result is live, and then its operands are.
  private func pruned(_ block: Block, _ live: inout Set<ValueID>) -> Block {
    var block = block
    var kept: [Operation] = []
    for var operation in block.operations.reversed() {
      guard operation.changesState || operation.outputs.contains(where: live.contains) else {
        continue
      }
      for index in operation.blocks.indices {
        live.formUnion(operation.blocks[index].outputs)
        operation.blocks[index] = pruned(operation.blocks[index], &live)
      }
      live.formUnion(operation.operands)
      kept.append(operation)
    }
    block.operations = kept.reversed()
    return block
  }
}

extension Operation {
  /// Whether the operation has an effect beyond its results.
  var changesState: Bool {
    type == "write_state" || blocks.contains { $0.operations.contains(where: \.changesState) }
  }
}
