// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ONNXLowering {
  /// Loops. One that runs a known number of times is unrolled when it collects results, which
  /// Core ML cannot do in a loop.
  static let loop: [ONNXLowering] = [
    .custom("Loop", "M? cond? v_initial*", attributes: "body") { node, build in
      try LoopNode(node, build).results()
    },
    .custom(
      "Scan", since: 9, "initial_state_and_scan_inputs*",
      attributes: "body num_scan_inputs scan_input_axes scan_input_directions scan_output_axes "
        + "scan_output_directions"
    ) { node, build in try ScanNode(node, build).results() },
  ]

  /// More rounds than this are not written out.
  fileprivate static let unrolledRounds = 512
}

private struct LoopNode {
  private let node: NodeCall
  private let build: FunctionBuilder
  private let body: ONNXGraph
  private let initial: [ONNXValue]
  private let collected: Int

  init(_ node: NodeCall, _ build: FunctionBuilder) throws {
    self.node = node
    self.build = build
    body = try node.graph("body")
    initial = try node.inputs.dropFirst(2).map { value in
      guard let value else { throw node.fault(.malformed, "a loop variable has no initial value") }
      return value
    }
    collected = body.outputs.count - 1 - initial.count
    guard collected >= 0, body.inputs.count == initial.count + 2 else {
      throw node.fault(.malformed, "the body does not fit \(initial.count) loop variables")
    }
  }

  func results() throws -> [ONNXValue] {
    let rounds = try node.known("M")?.ints?.first
    let start = try node.known("cond")?.bools?.first ?? (node.has("cond") ? nil : true)
    if start == false { return try empty() }
    if let rounds, start == true, rounds <= ONNXLowering.unrolledRounds,
      let unrolled = try unrolled(max(rounds, 0))
    {
      return unrolled
    }
    guard collected == 0 else {
      throw node.fault(
        .unsupportedOperation, "collects results in a loop of unknown length",
        fix: "export the model with a fixed number of rounds")
    }
    return try looped()
  }

  private func round(_ index: Known, _ variables: [ONNXValue]) throws -> [ONNXValue] {
    let names = body.inputs.map(\.name)
    let given = [ONNXValue(index, .int64), ONNXValue(Known([], .bools([true])), .bool)] + variables
    return try node.lowering.results(of: body, given: Array(zip(names, given)).map { ($0, $1) })
  }

  /// The rounds one after the other; `nil` where one may be the last for a reason not known.
  private func unrolled(_ rounds: Int) throws -> [ONNXValue]? {
    if rounds == 0 { return try empty() }
    guard try keepsRunning() else { return nil }
    var variables = initial
    var lists = [[Value]](repeating: [], count: collected)
    for index in 0..<rounds {
      let results = try round(Known(scalar: .fixed(index)), variables)
      variables = Array(results[1...initial.count])
      for (k, result) in results.dropFirst(initial.count + 1).enumerated() {
        lists[k].append(try node.lowering.tensor(result, "body", node))
      }
    }
    let stacked = try lists.map { items in
      let value = try build.mil.stack(values: .many(items), axis: 0)
      return ONNXValue(value, try elementType(value))
    }
    return variables + stacked
  }

  private func elementType(_ value: Value) throws -> DType {
    let dtype = try build.dtype(of: value)
    return dtype == .int32 ? .int64 : dtype
  }

  /// Whether the condition that the body gives is the one it is given, or true.
  private func keepsRunning() throws -> Bool {
    guard let name = body.outputs.first?.name else { return false }
    var source = name
    for node in body.nodes.reversed() where node.outputs == [source] {
      if node.opType == "Identity", let input = node.inputs.first { source = input }
      if node.opType == "Constant", case .tensor(let tensor)? = node.attributes["value"],
        case .numbers(let numbers) = tensor.content
      {
        return try numbers.materialized().bools == [true]
      }
    }
    if source == body.inputs[1].name { return true }
    guard let tensor = body.initializers.first(where: { $0.name == source }),
      case .numbers(let numbers) = tensor.content
    else { return false }
    return try numbers.materialized().bools == [true]
  }

  private func empty() throws -> [ONNXValue] {
    guard collected == 0 else {
      throw node.fault(.unsupportedArgument, "never runs but collects results, which are empty")
    }
    return initial
  }

  private func looped() throws -> [ONNXValue] {
    let flag = try node.has("cond") ? build.single(node.value("cond")) : .bool(true)
    var variables: [Value] = [.int(0), flag]
    for value in initial { variables.append(try node.lowering.tensor(value, "v_initial", node)) }
    let types = try variables.enumerated().map { index, value in
      (name: "loop\(index)", type: ValueType.tensor(try build.type(of: value)))
    }
    let limit = try node.optional("M").map(build.single)
    let condition = try build.block(inputs: types) { arguments in
      guard let limit else { return [try build.mil.identity(x: arguments[1])] }
      let goesOn = try build.mil.less(x: arguments[0], y: limit)
      return [try build.mil.logical_and(x: goesOn, y: arguments[1])]
    }
    let step = try build.block(inputs: types) { arguments in
      let names = body.inputs.map(\.name)
      var given = [ONNXValue(arguments[0], .int64), ONNXValue(arguments[1], .bool)]
      for (value, source) in zip(arguments.dropFirst(2), initial) {
        given.append(ONNXValue(value, source.dtype))
      }
      let results = try node.lowering.inBlock {
        try node.lowering.results(of: body, given: Array(zip(names, given)).map { ($0, $1) })
      }
      let next = try build.mil.add(x: arguments[0], y: .int(1))
      let flag = try build.single(node.lowering.tensor(results[0], "cond", node))
      var outputs = [next, try build.mil.identity(x: flag)]
      for result in results.dropFirst() {
        outputs.append(try build.mil.identity(x: node.lowering.tensor(result, "body", node)))
      }
      return outputs
    }
    let results = try build.emit(
      "while_loop", ["loop_vars": .many(variables)], blocks: [condition, step])
    return zip(results.dropFirst(2), initial).map { ONNXValue($0, $1.dtype) }
  }
}

/// A scan: a loop over the slices of its inputs, unrolled.
private struct ScanNode {
  private let node: NodeCall
  private let build: FunctionBuilder
  private let body: ONNXGraph
  private let states: [ONNXValue]
  private let sequences: [ONNXValue]

  init(_ node: NodeCall, _ build: FunctionBuilder) throws {
    self.node = node
    self.build = build
    body = try node.graph("body")
    let values = try node.variadic()
    let count = try node.int("num_scan_inputs")
    guard (1...values.count).contains(count), body.inputs.count == values.count,
      body.outputs.count >= values.count - count
    else { throw node.fault(.malformed, "the body does not fit \(values.count) inputs") }
    states = Array(values.dropLast(count))
    sequences = Array(values.suffix(count))
  }

  func results() throws -> [ONNXValue] {
    let axes = try node.ints("scan_input_axes") ?? sequences.map { _ in 0 }
    let directions = try node.ints("scan_input_directions") ?? sequences.map { _ in 0 }
    let inputs = try sequences.map { try node.lowering.tensor($0, "scan input", node) }
    guard axes.count == inputs.count, directions.count == inputs.count else {
      throw node.fault(.malformed, "axes and directions do not fit \(inputs.count) scan inputs")
    }
    let places = try zip(inputs, axes).map { value, axis in
      try build.axis(axis, rank: build.rank(of: value), node)
    }
    guard let rounds = try build.shape(of: inputs[0])[places[0]].fixed,
      rounds <= ONNXLowering.unrolledRounds, rounds > 0
    else {
      throw node.fault(
        .unsupportedOperation,
        "scans a sequence whose length is not fixed, or not 1 to "
          + "\(ONNXLowering.unrolledRounds)", fix: "give the input a fixed shape")
    }
    var variables = states
    var lists = [[Value]](repeating: [], count: body.outputs.count - states.count)
    for index in 0..<rounds {
      var given = variables
      for (k, value) in inputs.enumerated() {
        let place = directions[k] == 0 ? index : rounds - 1 - index
        let part = try build.slice(value, axis: places[k], from: place, to: place + 1)
        given.append(
          ONNXValue(
            try build.mil.squeeze(x: part, axes: .ints([places[k]])), sequences[k].dtype))
      }
      let names = body.inputs.map(\.name)
      let results = try node.lowering.results(
        of: body, given: Array(zip(names, given)).map { ($0, $1) })
      variables = Array(results.prefix(states.count))
      for (k, result) in results.dropFirst(states.count).enumerated() {
        lists[k].append(try node.lowering.tensor(result, "body", node))
      }
    }
    return variables + (try collected(lists))
  }

  private func collected(_ lists: [[Value]]) throws -> [ONNXValue] {
    let axes = try node.ints("scan_output_axes") ?? lists.map { _ in 0 }
    let directions = try node.ints("scan_output_directions") ?? lists.map { _ in 0 }
    return try lists.enumerated().map { k, items in
      let rank = try build.rank(of: items[0]) + 1
      let axis = try build.axis(axes[k], rank: rank, node)
      let ordered = directions[k] == 0 ? items : items.reversed()
      let value = try build.mil.stack(values: .many(ordered), axis: .int(axis))
      let dtype = try build.dtype(of: value)
      return ONNXValue(value, dtype == .int32 ? .int64 : dtype)
    }
  }
}
