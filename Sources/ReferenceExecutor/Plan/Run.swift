// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// One execution of a plan: its frame of values and its states.
struct Run {
  private let plan: Plan
  private let context: FoldingContext
  private let observer: Executable.Observer?
  private let journal = Journal()
  private var frame: [RuntimeValue]
  /// The values of the states; `nil` while a value is moved out to be updated.
  private(set) var states: [Tensor?]

  init(
    _ plan: Plan, dense: any DenseBackend, states: [Tensor], observer: Executable.Observer?
  ) {
    self.plan = plan
    self.observer = observer
    self.states = states
    context = FoldingContext(opset: plan.function.opset, dense: dense)
    frame = Array(repeating: .none, count: plan.slotCount)
  }

  /// The outputs of the function. On failure the states' storage is as it was.
  mutating func outputs(_ inputs: [Int: RuntimeValue]) throws -> [RuntimeValue] {
    let protected = states.compactMap { $0?.memory }
    for memory in protected { memory.protections.add(1, ordering: .acquiringAndReleasing) }
    defer {
      for memory in protected { memory.protections.subtract(1, ordering: .acquiringAndReleasing) }
    }
    do {
      for (slot, value) in inputs { frame[slot] = value }
      return try run(plan.body)
    } catch {
      journal.undo()
      throw error
    }
  }

  private mutating func run(_ block: BlockPlan) throws -> [RuntimeValue] {
    for step in block.steps {
      try run(step)
      for slot in step.released { frame[slot] = .none }
    }
    return try block.outputs.map { try value($0) }
  }

  private mutating func run(_ step: Step) throws {
    let results: [RuntimeValue]
    switch step.action {
    case .kernel(let kernel): results = try run(kernel, step)
    case .cond: results = try runCond(step)
    case .whileLoop: results = try runLoop(step)
    case .readState(let moves): results = [try readState(step, moves: moves)]
    case .writeState:
      try writeState(step)
      results = []
    }
    guard results.count == step.results.count else {
      throw step.fault("gives \(results.count) results, not \(step.results.count)")
    }
    for (index, result) in results.enumerated() {
      try step.check(result, against: step.declared[index])
      frame[step.results[index]] = result
    }
    if let observer { try report(step, results, to: observer) }
  }

  private mutating func run(_ kernel: Kernel, _ step: Step) throws -> [RuntimeValue] {
    var operands: [(name: String, arguments: [KernelCall.Argument])] = []
    operands.reserveCapacity(step.operands.count)
    for (name, sources) in step.operands {
      operands.append((name, try sources.map { try argument($0) }))
    }
    let call = KernelCall(
      step.operation.type, at: step.location, opset: context.opset, dense: context.dense,
      operands: operands, journal: journal)
    operands = []
    do {
      return try kernel.run(call)
    } catch let diagnostic as Diagnostic {
      throw diagnostic.at(step.location)
    }
  }

  private mutating func argument(_ source: Source) throws -> KernelCall.Argument {
    switch source {
    case .constant(let constant): return .init(value: try constant.value(context))
    case .slot(let slot, let isLast):
      guard isLast else { return .init(value: frame[slot]) }
      var value = RuntimeValue.none
      swap(&value, &frame[slot])
      guard value.isUnique(), let memory = value.tensor?.memory else { return .init(value: value) }
      return .init(value: value, storage: memory.isProtected ? .protected : .free)
    }
  }

  private func value(_ source: Source) throws -> RuntimeValue {
    switch source {
    case .constant(let constant): try constant.value(context)
    case .slot(let slot, _): frame[slot]
    }
  }

  private func report(
    _ step: Step, _ results: [RuntimeValue], to observer: Executable.Observer
  ) throws {
    for (id, result) in zip(step.operation.outputs, results) {
      guard let tensor = result.tensor else { continue }
      try observer(step.operation, plan.function.values[id].name, tensor)
    }
  }
}

/// Control flow.
extension Run {
  private mutating func truth(_ value: RuntimeValue, _ step: Step) throws -> Bool {
    guard let tensor = value.tensor, tensor.dtype == .bool, tensor.count == 1 else {
      throw step.fault("the condition must be one bool")
    }
    return tensor.integers[0] != 0
  }

  private mutating func runCond(_ step: Step) throws -> [RuntimeValue] {
    guard let source = step.sources("pred").first, step.blocks.count == 2 else {
      throw step.fault("needs a 'pred' and two blocks", .invalidProgram)
    }
    let taken = try truth(value(source), step)
    return try run(step.blocks[taken ? 0 : 1])
  }

  private mutating func runLoop(_ step: Step) throws -> [RuntimeValue] {
    guard step.blocks.count == 2 else {
      throw step.fault("needs two blocks", .invalidProgram)
    }
    var variables = try step.sources("loop_vars").map { try argument($0).value }
    while true {
      try bind(variables, to: step.blocks[0], step)
      let conditions = try run(step.blocks[0])
      guard conditions.count == 1 else { throw step.fault("the condition must be one bool") }
      guard try truth(conditions[0], step) else { return variables }
      try bind(variables, to: step.blocks[1], step)
      variables = []
      variables = try run(step.blocks[1])
    }
  }

  private mutating func bind(_ values: [RuntimeValue], to block: BlockPlan, _ step: Step) throws {
    guard block.inputs.count == values.count else {
      throw step.fault(
        "a block takes \(block.inputs.count) values but gets \(values.count)", .invalidProgram)
    }
    for (slot, value) in zip(block.inputs, values) { frame[slot] = value }
  }
}

/// States.
extension Run {
  private func stateIndex(_ step: Step) throws -> Int {
    if case .slot(let slot, _)? = step.sources("input").first, case .state(let index) = frame[slot]
    {
      return index
    }
    throw step.fault("'input' must be a state", .invalidProgram)
  }

  private mutating func readState(_ step: Step, moves: Bool) throws -> RuntimeValue {
    let index = try stateIndex(step)
    guard let tensor = states[index] else {
      throw step.fault("the state is read while it is being updated", .internalError)
    }
    if moves { states[index] = nil }
    return .tensor(tensor)
  }

  private mutating func writeState(_ step: Step) throws {
    let index = try stateIndex(step)
    guard let source = step.sources("data").first, let tensor = try argument(source).value.tensor
    else { throw step.fault("'data' must be a tensor", .invalidProgram) }
    try step.check(.tensor(tensor), against: .tensor(plan.states[index].type))
    states[index] = tensor
  }
}

extension Step {
  /// Holds a result against the type that the program declares for it.
  func check(_ result: RuntimeValue, against declared: ValueType) throws {
    guard case .tensor(let type) = declared else { return }
    guard let tensor = result.tensor else {
      if case .scores = result { return }
      throw fault("gives no tensor where the program declares \(type)")
    }
    let agrees =
      tensor.dtype == type.dtype && tensor.rank == type.rank
      && zip(tensor.shape, type.shape).allSatisfy { $1.fixed == nil || $1.fixed == $0 }
    guard agrees else {
      throw fault("gives \(tensor) where the program declares \(type)", .invalidProgram)
    }
  }
}
