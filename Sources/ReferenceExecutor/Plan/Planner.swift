// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL

/// Turns a function into a plan. Throws everything that stands in the way at once.
struct Planner {
  private let function: Function
  private var constants: [ValueID: LazyConstant] = [:]
  private var constantsByKey: [String: LazyConstant] = [:]
  private var stateSlots: Set<Int> = []
  private var problems = DiagnosticCollector()
  private var missing: [String: Location] = [:]
  /// Values that are bound where the planner stands.
  private var defined: Set<ValueID> = []

  static func plan(_ function: Function) throws -> Plan {
    var planner = Planner(function)
    return try planner.plan()
  }

  private init(_ function: Function) {
    self.function = function
  }

  private mutating func plan() throws -> Plan {
    var states: [(name: String, type: TensorType)] = []
    for id in function.inputs {
      defined.insert(id)
      let info = function.values[id]
      if case .state(let type) = info.type {
        states.append((info.name, type))
        stateSlots.insert(id.index)
      }
    }
    let body = plan(function.body, depth: 0)
    reportMissing()
    try problems.throwIfErrors()
    return Plan(function: function, body: body, states: states)
  }

  /// Blocks nest in each other to this depth at most.
  private static let depthLimit = 32

  private mutating func plan(_ block: Block, depth: Int) -> BlockPlan {
    guard depth < Self.depthLimit else {
      problems.report(
        .error(.invalidProgram, "blocks are nested more than \(Self.depthLimit) deep"))
      return BlockPlan(inputs: [], steps: [], outputs: [])
    }
    let outer = defined
    defer { defined = outer }
    defined.formUnion(block.inputs)
    let liveness = Liveness(block)
    var steps: [Step] = []
    for (index, operation) in block.operations.enumerated() {
      if let step = plan(operation, at: index, in: block, liveness, depth: depth) {
        steps.append(step)
      }
      defined.formUnion(operation.outputs)
    }
    let outputs = block.outputs.compactMap { source($0, of: nil, isLast: false) }
    return BlockPlan(inputs: block.inputs.map(\.index), steps: steps, outputs: outputs)
  }

  /// The step of an operation; `nil` for one that is constant or cannot run.
  private mutating func plan(
    _ operation: Operation, at index: Int, in block: Block, _ liveness: Liveness, depth: Int
  ) -> Step? {
    if operation.type == "const" {
      registerConstant(operation)
      return nil
    }
    let operation = operation.withAttributesAsOperands
    guard let action = action(of: operation, at: index, in: block) else {
      missing[operation.type] = missing[operation.type] ?? operation.place
      return nil
    }
    if case .kernel(let kernel) = action, fold(operation, kernel) { return nil }
    let nested = operation.blocks.map { plan($0, depth: depth + 1) }
    var seen: [ValueID: Int] = [:]
    for id in operation.operands { seen[id, default: 0] += 1 }
    let last = liveness.lastUses[index] ?? []
    var operands: [(name: String, sources: [Source])] = []
    for input in operation.inputs {
      var sources: [Source] = []
      for argument in input.arguments {
        switch argument {
        case .literal(let constant): sources.append(.constant(constantNode(constant)))
        case .value(let id):
          seen[id, default: 0] -= 1
          let isLast = last.contains(id) && seen[id] == 0 && !stateSlots.contains(id.index)
          if let source = source(id, of: operation, isLast: isLast) { sources.append(source) }
        }
      }
      operands.append((input.name, sources))
    }
    let direct = Set(operation.operands)
    let released = last.subtracting(direct).map(\.index) + liveness.unused(operation)
    var bare = operation
    bare.blocks = []
    return Step(
      bare, action: action, operands: operands,
      declared: operation.outputs.map { function.values[$0].type }, blocks: nested,
      released: released.sorted())
  }

  private mutating func source(_ id: ValueID, of operation: Operation?, isLast: Bool) -> Source? {
    if let constant = constants[id] { return .constant(constant) }
    guard defined.contains(id) else {
      // The producer of a value that is missing for want of a kernel was reported already.
      if missing.isEmpty && !problems.hasErrors {
        problems.report(
          .error(
            .invalidProgram, at: operation?.place,
            "value '\(function.values[id].name)' is read before it is computed"))
      }
      return nil
    }
    return .slot(id.index, isLast: isLast)
  }
}

/// Constants.
extension Planner {
  private mutating func registerConstant(_ operation: Operation) {
    guard let id = operation.outputs.first else { return }
    guard let constant = function.values[id].constant else {
      problems.report(
        .error(
          .invalidProgram, at: operation.place, "const: '\(operation.name)' has no value"))
      return
    }
    constants[id] = constantNode(constant)
  }

  /// Weights that are used twice are decoded once.
  private mutating func constantNode(_ constant: Constant) -> LazyConstant {
    guard case .weights(let source) = constant.payload else {
      return LazyConstant(.payload(constant))
    }
    let key = "\(source.dtype)\(source.shape)\(source.key)"
    if let known = constantsByKey[key] { return known }
    let node = LazyConstant(.payload(constant))
    constantsByKey[key] = node
    return node
  }

  /// Makes the results constants where the operation is a pure one over constants.
  private mutating func fold(_ operation: Operation, _ kernel: Kernel) -> Bool {
    guard kernel.isPure, operation.blocks.isEmpty, !operation.inputs.isEmpty else { return false }
    var operands: [(name: String, constants: [LazyConstant])] = []
    for input in operation.inputs {
      var nodes: [LazyConstant] = []
      for argument in input.arguments {
        switch argument {
        case .literal(let constant): nodes.append(constantNode(constant))
        case .value(let id):
          guard let node = constants[id] else { return false }
          nodes.append(node)
        }
      }
      operands.append((input.name, nodes))
    }
    let lazy = LazyOperation(operation, kernel, operands)
    guard lazy.depth <= LazyOperation.depthLimit else { return false }
    for (index, id) in operation.outputs.enumerated() {
      constants[id] = LazyConstant(.result(lazy, index: index))
    }
    return true
  }
}

/// Actions and states.
extension Planner {
  private func action(of operation: Operation, at index: Int, in block: Block) -> Step.Action? {
    switch operation.type {
    case "cond": .cond
    case "while_loop": .whileLoop
    case "read_state": .readState(moves: isOverwritten(operation, after: index, in: block))
    case "write_state": .writeState
    default: Kernel.byName[operation.type].map { .kernel($0) }
    }
  }

  /// Whether the state that `read` reads is written in the same block before it is read again.
  private func isOverwritten(_ read: Operation, after index: Int, in block: Block) -> Bool {
    guard let state = read.argument("input")?.value else { return false }
    for operation in block.operations[(index + 1)...] {
      if operation.type == "write_state" && operation.argument("input")?.value == state {
        return true
      }
      if operation.reads(state) { return false }
    }
    return false
  }

  private mutating func reportMissing() {
    for (type, place) in missing.sorted(by: { $0.key < $1.key }) {
      problems.report(
        .error(
          .unsupportedOperation, at: place, "the executor has no kernel for '\(type)'"))
    }
  }
}

extension Operation {
  /// Programs before iOS 18 give the operands of `constexpr_*` operations as attributes.
  fileprivate var withAttributesAsOperands: Operation {
    guard type.hasPrefix("constexpr_") else { return self }
    var copy = self
    for attribute in attributes where attribute.name != "name" && arguments(attribute.name).isEmpty
    {
      copy.inputs.append(.init(attribute.name, [.literal(attribute.value)]))
    }
    return copy
  }

  /// Whether the operation or a block of it reads `id`.
  fileprivate func reads(_ id: ValueID) -> Bool {
    operands.contains(id) || blocks.contains { $0.operations.contains { $0.reads(id) } }
  }
}
