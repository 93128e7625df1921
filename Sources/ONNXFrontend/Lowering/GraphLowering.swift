// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// Walks a graph in order and says each node in MIL.
///
/// Problems are collected: a node that cannot be lowered is reported, and those that depend on it
/// are passed over in silence, so that one run names everything that stands in the way.
final class GraphLowering {
  let build: FunctionBuilder
  let model: ONNXModel
  var diagnostics = DiagnosticCollector()
  /// Names that operations must not take: those of the outputs.
  var reserved: Set<String> = []
  private(set) var frames: [Frame] = []
  /// How many blocks are open around the node being lowered.
  var blockDepth = 0
  private var lowered = 0
  private var placed: [String: Value] = [:]

  /// The names of one graph, or of one use of a function.
  struct Frame {
    var values: [String: ONNXValue] = [:]
    /// Whether names that are not found here are looked for in the frame around.
    var seesOuter: Bool
    /// What the attributes of the function stand for.
    var attributes: [String: ONNXAttribute] = [:]
    var opsets: [String: Int]
    var function: String?
  }

  static let depthLimit = 128
  /// More uses of operators than any model has; stops functions that multiply.
  static let nodeLimit = 4_000_000

  init(_ build: FunctionBuilder, model: ONNXModel) {
    self.build = build
    self.model = model
  }

  // MARK: Names

  func define(_ name: String, _ value: ONNXValue) {
    if !name.isEmpty { frames[frames.count - 1].values[name] = value }
  }

  func lookup(_ name: String) throws -> ONNXValue {
    for frame in frames.reversed() {
      if let value = frame.values[name] { return value }
      if !frame.seesOuter { break }
    }
    throw Diagnostic.error(.malformed, at: build.origin, "'\(name)' is used but not defined")
  }

  /// Runs `body` with a frame of its own.
  func inFrame<T>(_ frame: Frame, _ body: () throws -> T) throws -> T {
    guard frames.count < Self.depthLimit else {
      throw Diagnostic.error(
        .malformed, at: build.origin,
        "functions and graphs are nested more than \(Self.depthLimit) deep")
    }
    frames.append(frame)
    defer { frames.removeLast() }
    return try body()
  }

  var opsets: [String: Int] { frames.last?.opsets ?? model.opsets }

  // MARK: Nodes

  func run(_ graph: ONNXGraph) {
    for tensor in graph.initializers { define(tensor.name, constant(tensor)) }
    for node in graph.nodes { lower(node) }
  }

  /// The value of a tensor that the model holds.
  func constant(_ tensor: ONNXTensor) -> ONNXValue {
    guard case .numbers(let source) = tensor.content, let running = ConvertedSource.runtime(source)
    else {
      return ONNXValue(.unreadable("tensor '\(tensor.name)' of type \(tensor.type.name)"), .string)
    }
    if source.count <= Known.limit, let data = try? source.materialized(), let known = Known(data) {
      // Small floats are weights too: they keep their name.
      if !source.dtype.isFloat || source.count <= 16 { return ONNXValue(known, source.dtype) }
    }
    return ONNXValue(.weight(running, name: tensor.name, stored: source), source.dtype)
  }

  private func lower(_ node: ONNXNode) {
    let saved = (build.origin, build.nameHint)
    defer { (build.origin, build.nameHint) = saved }
    build.origin = node.location
    build.nameHint = hint(node)
    do {
      let results = try results(of: node)
      for (index, name) in node.outputs.enumerated() where !name.isEmpty {
        guard results.indices.contains(index) else {
          throw Diagnostic.error(
            .unsupportedArgument, at: node.location, "output \(index) ('\(name)') is not supported",
            fix: "remove the output from the graph")
        }
        define(name, results[index])
      }
    } catch is DependsOnFailure {
      poison(node)
    } catch {
      _ = diagnostics.catching(at: node.location) { throw error }
      poison(node)
    }
  }

  private func poison(_ node: ONNXNode) {
    for name in node.outputs { define(name, .poisoned) }
  }

  private func hint(_ node: ONNXNode) -> String {
    let name = Identifier.sanitized(node.name)
    return reserved.contains(name) ? name + "_value" : name
  }

  private func results(of node: ONNXNode) throws -> [ONNXValue] {
    lowered += 1
    guard lowered <= Self.nodeLimit else {
      throw Diagnostic.error(
        .malformed, "its functions unfold to more than \(Self.nodeLimit) nodes")
    }
    let inputs = try node.inputs.map { try $0.isEmpty ? nil : lookup($0) }
    if inputs.contains(where: { $0?.isPoisoned ?? false }) { throw DependsOnFailure() }
    let attributes = try resolved(node.attributes, of: node)
    if let function = model.functions["\(node.domain):\(node.opType):\(node.overload)"] {
      return try inline(function, inputs, attributes, at: node)
    }
    let opset = try opset(for: node)
    guard let row = ONNXLowering.find(node.opType, domain: node.domain, opset: opset) else {
      throw unsupported(node, opset)
    }
    let call = try NodeCall(
      node, row: row, in: self, opset: opset, inputs: inputs, attributes: attributes)
    if let known = try row.fold?(call), known.count <= Known.limit {
      return [ONNXValue(known, try call.foldedType(known))]
    }
    return try row.lower(call, build)
  }

  private func opset(for node: ONNXNode) throws -> Int {
    if let version = opsets[node.domain] { return version }
    let domain = node.domain.isEmpty ? "ai.onnx" : node.domain
    throw Diagnostic.error(
      .malformed, at: node.location, "is of domain '\(domain)', which the model does not import")
  }

  private func unsupported(_ node: ONNXNode, _ opset: Int) -> Diagnostic {
    let name = node.domain.isEmpty ? node.opType : "\(node.domain).\(node.opType)"
    if ONNXLowering.isKnown(node.opType, domain: node.domain) {
      return .error(
        .unsupportedOperation, at: node.location,
        "operator '\(name)' is not supported as opset \(opset) has it",
        fix: "export with a newer opset")
    }
    return .error(
      .unsupportedOperation, at: node.location, "operator '\(name)' is not supported",
      fix: "write it with supported operators, or ask for it to be added")
  }

  /// Attributes with those of the enclosing function put in.
  private func resolved(
    _ attributes: [String: ONNXAttribute], of node: ONNXNode
  ) throws -> [String: ONNXAttribute] {
    try attributes.compactMapValues { attribute in
      guard case .reference(let name) = attribute else { return attribute }
      guard let frame = frames.last(where: { $0.function != nil }) else {
        throw Diagnostic.error(
          .malformed, at: node.location, "refers to attribute '\(name)' outside of a function")
      }
      return frame.attributes[name]
    }
  }

  /// The nodes of a function in place of a node that uses it.
  private func inline(
    _ function: ONNXFunction, _ inputs: [ONNXValue?], _ attributes: [String: ONNXAttribute],
    at node: ONNXNode
  ) throws -> [ONNXValue] {
    guard !frames.contains(where: { $0.function == function.key }) else {
      throw Diagnostic.error(
        .malformed, at: node.location, "function '\(function.name)' uses itself")
    }
    guard inputs.count <= function.inputs.count else {
      throw Diagnostic.error(
        .malformed, at: node.location,
        "has \(inputs.count) inputs where the function takes \(function.inputs.count)")
    }
    for name in function.attributes where attributes[name] == nil {
      throw Diagnostic.error(.malformed, at: node.location, "attribute '\(name)' is missing")
    }
    let frame = Frame(
      seesOuter: false, attributes: function.defaults.merging(attributes) { $1 },
      opsets: function.opsets, function: function.key)
    return try inFrame(frame) {
      for (index, name) in function.inputs.enumerated() {
        let value = inputs.indices.contains(index) ? inputs[index] : nil
        define(name, value ?? ONNXValue(.empty, .float32))
      }
      for inner in function.nodes { lower(inner.within(node)) }
      return try function.outputs.map(lookup)
    }
  }

  // MARK: Values

  /// The tensor that `value` is, in the program.
  func tensor(_ value: ONNXValue, _ name: String, _ node: NodeCall) throws -> Value {
    switch value.content {
    case .value(let value): return value
    case .known(let known): return try place(known, value.dtype, name, node)
    case .weight(let source, let label, let stored):
      try checkRange(stored, label)
      return try place(source, label)
    case .poisoned: throw DependsOnFailure()
    case .sequence:
      throw node.fault(.unsupportedType, "input '\(name)' is a sequence, not a tensor")
    case .empty: throw node.fault(.unsupportedType, "input '\(name)' is an empty optional")
    case .unreadable(let what):
      throw node.fault(
        .unsupportedType, "input '\(name)' is \(what), which Core ML cannot compute with")
    }
  }

  private func place(
    _ known: Known, _ dtype: DType, _ name: String, _ node: NodeCall
  ) throws -> Value {
    if let dims = known.dims, known.ints == nil {
      if known.rank == 0 { return .dim(dims[0]) }
      if known.rank == 1 { return .dims(dims) }
      return try build.mil.reshape(x: .dims(dims), shape: .ints(known.shape))
    }
    guard let running = dtype.runtime, let data = known.data(as: running) else {
      let far = known.ints?.first { Int32(exactly: $0) == nil }
      throw node.fault(
        .notRepresentable,
        "input '\(name)' holds \(far.map(String.init) ?? "a number"), which int32 cannot hold")
    }
    return .constant(data.count >= 10 ? .numbers(data) : Constant(data))
  }

  /// Throws when a weight of wide integers, which runs as int32, holds one that int32 cannot.
  func checkRange(_ stored: any WeightSource, _ label: String) throws {
    guard let far = try stored.firstPastInt32() else { return }
    throw Diagnostic.error(
      .notRepresentable, at: build.origin,
      "tensor '\(label)' of type \(stored.dtype.rawValue) holds \(far), which int32 cannot hold",
      fix: "keep its values within -2147483648...2147483647")
  }

  /// A weight as a constant of the program, one for all its uses.
  func place(_ source: any WeightSource, _ label: String) throws -> Value {
    // A constant made inside a block is seen only there.
    if blockDepth > 0 { return .constant(Constant(source)) }
    if let value = placed[source.key] { return value }
    let value = build.const(Identifier.sanitized(label), Constant(source))
    placed[source.key] = value
    return value
  }

  func type(_ value: ONNXValue, _ name: String, _ node: NodeCall) throws -> TensorType {
    switch value.content {
    case .known(let known): TensorType(value.dtype.runtime ?? .int32, fixed: known.shape)
    case .weight(let source, _, _): TensorType(source.dtype, fixed: source.shape)
    default: try build.type(of: tensor(value, name, node))
    }
  }

  func known(_ value: ONNXValue) -> Known? {
    switch value.content {
    case .known(let known): return known
    case .weight(let source, _, _):
      guard source.count <= Known.limit, let data = try? source.materialized() else { return nil }
      return Known(data)
    case .value(let tensor):
      guard let type = try? build.type(of: tensor), type.rank <= 1, type.dtype == .int32,
        let dims = try? build.dims(of: tensor)
      else { return nil }
      return Known(type.rank == 0 ? [] : [dims.count], .integers(dims))
    default: return nil
    }
  }

  func weight(_ value: ONNXValue) -> (any WeightSource)? {
    switch value.content {
    case .weight(let source, _, _): source
    case .known(let known):
      value.dtype.runtime.flatMap { known.data(as: $0) }.map { MemorySource($0) }
    case .value(let tensor): build.constant(of: tensor)?.source
    default: nil
    }
  }
}

extension NodeCall {
  /// The element type of a result that was computed while lowering.
  func foldedType(_ known: Known) throws -> DType {
    switch row.results.first {
    case .dtype(let dtype): return dtype
    case .by(let rule): return try rule(self)
    case .first, nil: break
    }
    let first = inputs.first.flatMap { $0?.dtype }
    switch known.elements {
    case .bools: return .bool
    case .floats: return first.map { $0.isFloat ? $0 : .float32 } ?? .float32
    case .integers: return first.map { $0.isInteger ? $0 : .int64 } ?? .int64
    }
  }
}

extension ONNXNode {
  /// The node as it appears inside a use of a function.
  func within(_ outer: ONNXNode) -> ONNXNode {
    var copy = self
    copy.name = "\(outer.name)/\(name)"
    copy.location.node = copy.name
    copy.location.module = copy.location.module ?? outer.location.module
    return copy
  }
}
