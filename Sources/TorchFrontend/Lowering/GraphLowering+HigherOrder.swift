// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL

/// Nodes that are not calls of a tensor operator.
extension GraphLowering {
  /// Operators that take a graph. `nil` when `node` is not one.
  func higherOrder(_ node: TorchNode) throws -> [TorchValue]? {
    switch node.target {
    case "higher_order.wrap_with_set_grad_enabled", "higher_order.wrap_with_autocast":
      return try inlined(node)
    case "higher_order.cond": return try cond(node)
    default: return nil
    }
  }

  /// A graph that only runs under another Python context: its nodes in place of the call.
  private func inlined(_ node: TorchNode) throws -> [TorchValue] {
    guard let index = node.inputs.firstIndex(where: { $0.argument.graph != nil }),
      let graph = node.inputs[index].argument.graph
    else { throw Diagnostic.error(.malformed, at: node.location, "has no graph to run") }
    let operands = node.inputs[(index + 1)...].map(\.argument)
    return try run(graph, on: operands.map(resolve))
  }

  /// Runs `graph` with its placeholders bound to `operands`; names are those of its own scope.
  private func run(_ graph: TorchGraph, on operands: [TorchValue]) throws -> [TorchValue] {
    guard operands.count == graph.inputs.count else {
      throw Diagnostic.error(
        .malformed, at: build.origin,
        "a graph with \(graph.inputs.count) inputs is given \(operands.count)")
    }
    let outer = environment
    let (origin, hint) = (build.origin, build.nameHint)
    defer {
      environment = outer
      (build.origin, build.nameHint) = (origin, hint)
    }
    for (input, operand) in zip(graph.inputs, operands) {
      for name in input.names { environment[name] = operand }
    }
    let before = diagnostics.diagnostics.count
    run(graph)
    if diagnostics.diagnostics.count > before { return graph.outputs.map { _ in .none } }
    build.origin = origin
    return try graph.outputs.map(resolve)
  }

  /// `torch.cond(predicate, true graph, false graph, operands)`.
  private func cond(_ node: TorchNode) throws -> [TorchValue] {
    let arguments = node.inputs.map(\.argument)
    guard arguments.count >= 3, let onTrue = arguments[1].graph, let onFalse = arguments[2].graph
    else {
      throw Diagnostic.error(.malformed, at: node.location, "'cond' needs two graphs")
    }
    var operands: [TorchValue] = []
    if arguments.count > 3, case .list(let items) = try resolve(arguments[3]) { operands = items }
    guard case .tensor(let predicate) = try resolve(arguments[0]) else {
      throw Diagnostic.error(
        .unsupportedArgument, at: node.location, "'cond' on a number is not supported",
        fix: "pass the predicate as a boolean tensor")
    }
    // What both branches use is computed before them: values of one do not reach the other.
    for case .tensor(let operand) in operands { _ = try operand.value(build) }
    var flag = try build.cast(predicate.value(build), to: .bool)
    if try build.rank(of: flag) > 0 { flag = try build.mil.squeeze(x: flag) }
    let results = try build.emit(
      "cond", ["pred": flag],
      blocks: [try branch(onTrue, operands), try branch(onFalse, operands)])
    return try results.map { .tensor(TorchTensor($0, dtype: try build.dtype(of: $0))) }
  }

  private func branch(_ graph: TorchGraph, _ operands: [TorchValue]) throws -> Block {
    try build.block { _ in
      try run(graph, on: operands).map { result in
        guard case .tensor(let tensor) = result else {
          throw Diagnostic.error(
            .unsupportedOperation, at: build.origin, "a branch of 'cond' gives no tensor")
        }
        // A branch yields a value of its own, also where it passes an operand through.
        return try build.mil.identity(x: tensor.value(build))
      }
    }
  }

  /// Arithmetic on sizes: the export has the resulting expression, so there is nothing to emit.
  func symbolic(_ node: TorchNode) throws -> Bool {
    if node.target.hasPrefix("_operator.") || node.target.hasPrefix("math.") { return true }
    switch node.target {
    case "aten.sym_size.int", "aten.sym_numel.default", "aten.sym_stride.int",
      "aten.sym_storage_offset.default",
      "aten._assert_tensor_metadata.default", "aten._assert_scalar.default",
      "aten._assert_async.msg", "aten._assert_async.default",
      "aten.sym_constrain_range.default", "aten.sym_constrain_range_for_size.default",
      "aten._local_scalar_dense_assert.default":
      return true
    default:
      return node.target.hasPrefix("torch.sym_") || node.target.hasPrefix("sym_")
    }
  }
}

extension TorchArgument {
  var graph: TorchGraph? {
    if case .graph(let graph) = self { graph } else { nil }
  }
}
