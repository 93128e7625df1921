// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL

/// A function made ready to run: every operand resolved to a slot of a frame or to a constant, and
/// every slot's last use known.
struct Plan: Sendable {
  var function: Function
  /// How many slots a frame has: one per value of the function.
  var slotCount: Int { function.values.count }
  var body: BlockPlan
  /// The states of the function, in the order of its inputs.
  var states: [(name: String, type: TensorType)]
}

/// The steps of one block.
struct BlockPlan: Sendable {
  var inputs: [Int]
  var steps: [Step]
  var outputs: [Source]
}

/// Where an operand is found.
enum Source: Sendable {
  /// A slot of the frame; emptied by the step if it is the last to read it.
  case slot(Int, isLast: Bool)
  case constant(LazyConstant)
}

/// One operation of a plan.
final class Step: Sendable {
  enum Action: Sendable {
    case kernel(Kernel)
    case cond
    case whileLoop
    /// `moves`: a write follows before anything reads the state again, so that the storage may
    /// leave the state and be updated in place.
    case readState(moves: Bool)
    case writeState
  }

  let operation: Operation
  let action: Action
  let operands: [(name: String, sources: [Source])]
  let results: [Int]
  let declared: [ValueType]
  let blocks: [BlockPlan]
  /// Slots that nothing reads after this step.
  let released: [Int]

  init(
    _ operation: Operation, action: Action, operands: [(name: String, sources: [Source])],
    declared: [ValueType], blocks: [BlockPlan] = [], released: [Int] = []
  ) {
    self.operation = operation
    self.action = action
    self.operands = operands
    self.results = operation.outputs.map(\.index)
    self.declared = declared
    self.blocks = blocks
    self.released = released
  }

  func sources(_ name: String) -> [Source] {
    operands.first { $0.name == name }?.sources ?? []
  }

  var location: Location { operation.place }

  func fault(_ message: String, _ code: Diagnostic.Code = .executionFailed) -> Diagnostic {
    .error(code, at: location, "\(operation.type): \(message)")
  }
}

extension Operation {
  /// Where the operation comes from, for messages.
  var place: Location { origin ?? Location(operation: type, node: name) }
}
