// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// Walks a graph of the source in order and says each node in MIL.
///
/// Problems are collected: a node that cannot be lowered is reported, and those that depend on it
/// are passed over in silence, so that one run names everything that stands in the way.
final class GraphLowering {
  let build: FunctionBuilder
  var environment: [String: TorchValue] = [:]
  var diagnostics = DiagnosticCollector()
  private var poisoned: Set<String> = []

  init(_ build: FunctionBuilder) {
    self.build = build
  }

  func run(_ graph: TorchGraph) {
    for node in graph.nodes { lower(node, in: graph) }
  }

  private func lower(_ node: TorchNode, in graph: TorchGraph) {
    let needed = node.inputs.flatMap { $0.argument.names }
    if needed.contains(where: poisoned.contains) {
      poison(node)
      return
    }
    build.origin = node.location
    build.nameHint = Identifier.sanitized(node.name)
    defer { (build.origin, build.nameHint) = (nil, nil) }
    do {
      let results = try results(of: node, in: graph)
      try bind(results, to: node, in: graph)
    } catch {
      // Graphs nest: the collector is touched only here, after the inner walk has ended.
      diagnostics.report(error, at: node.location)
      poison(node)
    }
  }

  private func poison(_ node: TorchNode) {
    poisoned.formUnion(node.outputs.flatMap(\.names))
    poisoned.formUnion(node.updatedStatistics)
    // A failed mutation leaves the tensor that it was to change unknown too.
    if node.operatorName.hasSuffix("_"), let target = node.inputs.first?.argument.names.first {
      poisoned.insert(target)
    }
  }

  private func results(of node: TorchNode, in graph: TorchGraph) throws -> [TorchValue] {
    if let inner = try higherOrder(node) { return inner }
    if let number = try symbolicFloat(node) { return [number] }
    if try symbolic(node) { return [] }
    let call = try call(node, in: graph)
    try ArgumentRules.check(call)
    if call.isComplex { return try ComplexLowering.lower(call, build) }
    if let lowering = ATenLowering.table[node.target] {
      let results = try lowering.lower(call, build)
      return lowering.aliases && graph.isCopy(node) ? try results.map(copied) : results
    }
    if let functional = node.functionalTarget, let lowering = ATenLowering.table[functional] {
      return [try mutate(call, by: lowering)]
    }
    if let view = node.viewTarget, let lowering = ATenLowering.table[view], lowering.aliases {
      return try lowering.lower(call, build).map { try copied($0) }
    }
    throw Diagnostic.error(
      .unsupportedOperation, at: node.location, "'\(node.target)' is not supported",
      fix: "write it with supported operators, or ask for it to be added")
  }

  /// A view as a tensor of its own.
  private func copied(_ result: TorchValue) throws -> TorchValue {
    guard case .tensor(let tensor) = result else { return result }
    return .tensor(TorchTensor(try tensor.value(build), dtype: tensor.dtype))
  }

  /// An in-place operator: its functional twin, then the result written through `self`.
  private func mutate(_ call: TorchCall, by lowering: ATenLowering) throws -> TorchValue {
    guard case .tensor(let target) = call.arguments["self"] ?? call.arguments["input"] else {
      throw Diagnostic.error(.malformed, at: call.node.location, "argument 'self' is missing")
    }
    guard case .tensor(let result) = try lowering.lower(call, build).first else {
      throw Diagnostic.error(.internalError, at: call.node.location, "no tensor to write")
    }
    let shape = try build.shape(of: target.value(build))
    var value = try build.broadcast(result.value(build), to: shape)
    value = try build.cast(value, to: target.dtype)
    try target.assign(value, build)
    return .tensor(target)
  }

  func call(_ node: TorchNode, in graph: TorchGraph) throws -> TorchCall {
    var arguments: [String: TorchValue] = [:]
    var operands: [String: TensorMeta] = [:]
    for (name, argument) in node.inputs {
      arguments[name] = try resolve(argument)
      if case .tensor(let tensor) = argument { operands[name] = graph.tensors[tensor] }
    }
    let names = node.outputs.flatMap(\.names)
    return TorchCall(
      node: node, arguments: arguments, metas: names.map { graph.tensors[$0] },
      operandMetas: operands, build: build)
  }

  private func bind(_ results: [TorchValue], to node: TorchNode, in graph: TorchGraph) throws {
    let names = node.outputs.flatMap(\.names)
    for (index, name) in names.enumerated() where results.indices.contains(index) {
      environment[name] = results[index]
    }
    guard names.count <= results.count || results.isEmpty else {
      throw Diagnostic.error(
        .internalError, at: node.location,
        "lowered to \(results.count) results where the source has \(names.count)")
    }
    // Symbolic sizes that a data-dependent result brings are computed from it.
    for (name, result) in zip(names, results) {
      guard case .tensor(let tensor) = result, let meta = graph.tensors[name] else { continue }
      try bindSymbols(meta.sizes, of: tensor)
    }
  }

  private func bindSymbols(_ sizes: [Dim], of tensor: TorchTensor) throws {
    for (axis, size) in sizes.enumerated() {
      guard let symbol = size.symbol, !build.isBound(symbol) else { continue }
      try build.bind(symbol, toExtentOf: tensor.value(build), axis: axis)
    }
  }

  func resolve(_ argument: TorchArgument) throws -> TorchValue {
    switch argument {
    case .none, .ignored: return .none
    case .tensor(let name):
      guard let value = environment[name] else {
        throw Diagnostic.error(
          .malformed, at: build.origin, "tensor '\(name)' is used but not defined")
      }
      return value
    case .tensors(let items): return .list(try items.map(resolve))
    case .int(let value): return .dim(.fixed(value))
    case .ints(let values): return .list(values.map { .dim(.fixed($0)) })
    case .symInt(let dim, _): return .dim(dim)
    case .symInts(let dims): return .list(dims.map { .dim($0) })
    case .symBool(let name), .symFloat(let name):
      guard let value = environment[name] else {
        throw Diagnostic.error(
          .unsupportedArgument, at: build.origin,
          "the number '\(name)', which is computed from sizes, is not supported here",
          fix: "compute it with tensors, or export with fixed sizes")
      }
      return value
    case .float(let value): return .float(value)
    case .floats(let values): return .list(values.map { .float($0) })
    case .bool(let flag): return .bool(flag)
    case .bools(let flags): return .list(flags.map { .bool($0) })
    case .string(let text): return .string(text)
    case .strings(let texts): return .list(texts.map { .string($0) })
    case .dtype(let dtype): return .string(dtype.rawValue)
    case .graph: return .none
    case .unknown(let kind):
      throw Diagnostic.error(
        .unsupportedArgument, at: build.origin, "an argument of kind '\(kind)' is not supported")
    }
  }
}

extension TorchArgument {
  /// The names of tensors and symbols that an argument mentions.
  var names: [String] {
    switch self {
    case .tensor(let name): [name]
    case .tensors(let items): items.flatMap(\.names)
    case .symInt(_, let name): name.map { [$0] } ?? []
    case .symBool(let name), .symFloat(let name): [name]
    default: []
    }
  }
}

extension TorchNode {
  /// `add_` of `aten.add_.Tensor`.
  var operatorName: String {
    let parts = target.split(separator: ".")
    return parts.count > 1 ? String(parts[1]) : target
  }

  /// Whether the node writes to its first operand.
  var isMutation: Bool { functionalTarget != nil && ATenLowering.table[target] == nil }

  /// `aten.select.int` for `aten.select_copy.int`: every view has a twin that copies.
  var viewTarget: String? {
    var parts = target.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count >= 2, parts[1].hasSuffix("_copy") else { return nil }
    parts[1].removeLast("_copy".count)
    return parts.joined(separator: ".")
  }

  /// Python's augmented assignments (`x |= y`) and the operators that they apply.
  private static let augmented = [
    "__iand__": "__and__", "__ior__": "__or__", "__ixor__": "__xor__",
    "__ilshift__": "__lshift__", "__irshift__": "__rshift__",
  ]

  /// `aten.add.Tensor` for `aten.add_.Tensor`: every in-place operator has a functional twin.
  var functionalTarget: String? {
    var parts = target.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count >= 2, parts[1].hasSuffix("_") else { return nil }
    if let binary = Self.augmented[parts[1]] {
      parts[1] = binary
    } else {
      guard !parts[1].hasSuffix("__") else { return nil }
      parts[1].removeLast()
    }
    return parts.joined(separator: ".")
  }
}
