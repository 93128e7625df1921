// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics

/// Reads graphs, functions, nodes and types from their messages.
struct GraphReader {
  let tensors: TensorReader
  /// How deep graphs may lie in each other.
  static let depthLimit = 24

  /// The graph, its nodes in an order in which they can run. `outer` are the names that an
  /// enclosing graph defines.
  func graph(
    _ message: ProtoMessage, outer: Set<String> = [], depth: Int = 0
  ) throws -> ONNXGraph {
    guard depth < Self.depthLimit else {
      throw Diagnostic.error(
        .malformed, "graphs are nested more than \(Self.depthLimit) deep")
    }
    var graph = ONNXGraph()
    graph.name = message.string("name")
    guard message.count("sparse_initializer") == 0 else {
      throw Diagnostic.error(
        .unsupportedType, "sparse initializers are not supported",
        fix: "store the weights as dense tensors")
    }
    graph.inputs = try message.messages("input").map(valueInfo)
    graph.outputs = try message.messages("output").map(valueInfo)
    graph.initializers = try message.messages("initializer").map(tensors.read)
    let given = graph.inputs.map(\.name) + graph.initializers.map(\.name)
    let nodes = message.messages("node")
    let names = outer.union(given).union(nodes.flatMap { $0.strings("output") })
    graph.nodes = try nodes.enumerated().map {
      try node($0.element, index: $0.offset, outer: names, depth: depth)
    }
    try graph.check(outer: outer)
    return graph
  }

  func function(_ message: ProtoMessage) throws -> ONNXFunction {
    let name = message.string("name")
    var defaults: [String: ONNXAttribute] = [:]
    for attribute in message.messages("attribute_proto") {
      defaults[attribute.string("name")] = try self.attribute(
        attribute, at: Location(node: name), outer: [], depth: 0)
    }
    let inputs = message.strings("input")
    let nodes = message.messages("node")
    let names = Set(inputs + nodes.flatMap { $0.strings("output") })
    var body = ONNXGraph()
    body.inputs = inputs.map { ONNXValueInfo(name: $0, type: .unknown) }
    body.outputs = message.strings("output").map { ONNXValueInfo(name: $0, type: .unknown) }
    body.nodes = try nodes.enumerated().map {
      try node($0.element, index: $0.offset, outer: names, depth: 0)
    }
    do {
      try body.check(outer: [])
    } catch let diagnostic as Diagnostic {
      throw diagnostic.at(Location(node: name))
    }
    return ONNXFunction(
      name: name, domain: normalized(message.string("domain")),
      overload: message.string("overload"), inputs: inputs, outputs: body.outputs.map(\.name),
      attributes: message.strings("attribute"), defaults: defaults, nodes: body.nodes,
      opsets: try opsets(message))
  }

  /// The versions of operator sets that a model or function imports, by domain.
  func opsets(_ message: ProtoMessage) throws -> [String: Int] {
    var opsets: [String: Int] = [:]
    for entry in message.messages("opset_import") {
      let domain = normalized(entry.string("domain"))
      guard opsets.updateValue(Int(entry.int("version")), forKey: domain) == nil else {
        throw Diagnostic.error(
          .malformed, "the operator set '\(domain.isEmpty ? "ai.onnx" : domain)' is imported twice")
      }
    }
    return opsets
  }

  /// `ai.onnx` and the empty domain are one.
  private func normalized(_ domain: String) -> String { domain == "ai.onnx" ? "" : domain }

  private func node(
    _ message: ProtoMessage, index: Int, outer: Set<String>, depth: Int
  ) throws -> ONNXNode {
    let opType = message.string("op_type")
    let name = message.string("name")
    guard !opType.isEmpty else {
      throw Diagnostic.error(.malformed, "node \(index) '\(name)' has no operator")
    }
    let outputs = message.strings("output")
    let label = name.isEmpty ? outputs.first { !$0.isEmpty } ?? "\(opType)_\(index)" : name
    let location = Location(
      operation: opType, node: label, module: module(message), sourceLine: nil)
    var attributes: [String: ONNXAttribute] = [:]
    for attribute in message.messages("attribute") {
      let key = attribute.string("name")
      guard !key.isEmpty else {
        throw Diagnostic.error(.malformed, at: location, "an attribute has no name")
      }
      let value = try self.attribute(attribute, at: location, outer: outer, depth: depth)
      guard attributes.updateValue(value, forKey: key) == nil else {
        throw Diagnostic.error(.malformed, at: location, "attribute '\(key)' is given twice")
      }
    }
    return ONNXNode(
      name: label, opType: opType, domain: normalized(message.string("domain")),
      overload: message.string("overload"), inputs: message.strings("input"), outputs: outputs,
      attributes: attributes, location: location)
  }

  /// The module path that the PyTorch exporter records: the last of `pkg.torch.onnx.name_scopes`.
  private func module(_ message: ProtoMessage) -> String? {
    let entries = message.stringEntries("metadata_props")
    guard let scopes = entries.first(where: { $0.key == "pkg.torch.onnx.name_scopes" })?.value
    else { return nil }
    let quoted = scopes.split(separator: "'", omittingEmptySubsequences: false).enumerated()
    // The last scope is the node itself.
    let modules = quoted.filter { $0.offset % 2 == 1 }.dropLast().map { String($0.element) }
    return modules.last { !$0.isEmpty }
  }

  private func attribute(
    _ message: ProtoMessage, at location: Location, outer: Set<String>, depth: Int
  ) throws -> ONNXAttribute {
    let name = message.string("name")
    do {
      return try value(message, name: name, outer: outer, depth: depth)
    } catch let diagnostic as Diagnostic {
      var placed = diagnostic.at(location)
      placed.notes.append("in attribute '\(name)'")
      throw placed
    }
  }

  private func value(
    _ message: ProtoMessage, name: String, outer: Set<String>, depth: Int
  ) throws -> ONNXAttribute {
    let reference = message.string("ref_attr_name")
    if !reference.isEmpty { return .reference(reference) }
    let kind = message.int("type") == 0 ? impliedKind(message) : Int(message.int("type"))
    switch kind {
    case 1: return .float(message.float("f"))
    case 2: return .int(Int(message.int("i")))
    case 3: return .string(text(message.bytes("s")))
    case 4: return .tensor(try tensors.read(try required(message, "t", name)))
    case 5: return .graph(try graph(required(message, "g", name), outer: outer, depth: depth + 1))
    case 6: return .floats(message.floats("floats"))
    case 7: return .ints(message.ints("ints").map { Int($0) })
    case 8: return .strings(message.bytesList("strings").map(text))
    case 9: return .tensors(try message.messages("tensors").map(tensors.read))
    case 10:
      return .graphs(
        try message.messages("graphs").map { try graph($0, outer: outer, depth: depth + 1) })
    case 11: return .other(kind: "SPARSE_TENSOR")
    case 12: return .other(kind: "SPARSE_TENSORS")
    case 13: return .type(try type(required(message, "tp", name)))
    case 14: return .other(kind: "TYPE_PROTOS")
    default:
      throw Diagnostic.error(.malformed, "attribute '\(name)' has the kind \(kind), not 1 to 14")
    }
  }

  /// The kind of an attribute of old models that do not say: the field that is set.
  private func impliedKind(_ message: ProtoMessage) -> Int {
    let fields = [
      ("t", 4), ("g", 5), ("s", 3), ("floats", 6), ("ints", 7), ("strings", 8), ("tensors", 9),
      ("graphs", 10), ("f", 1), ("i", 2),
    ]
    return fields.first { message.has($0.0) }?.1 ?? 2
  }

  private func required(
    _ message: ProtoMessage, _ field: String, _ name: String
  ) throws -> ProtoMessage {
    guard let value = message.message(field) else {
      throw Diagnostic.error(.malformed, "attribute '\(name)' has no value")
    }
    return value
  }

  private func text(_ bytes: ProtoBytes) -> String {
    if case .owned(let bytes) = bytes { String(decoding: bytes, as: UTF8.self) } else { "" }
  }

  private func valueInfo(_ message: ProtoMessage) throws -> ONNXValueInfo {
    let name = message.string("name")
    guard !name.isEmpty else {
      throw Diagnostic.error(.malformed, "an input or output has no name")
    }
    let type = try message.message("type").map { try self.type($0, of: "'\(name)'") } ?? .unknown
    return ONNXValueInfo(name: name, type: type)
  }

  /// A type. Throws `.malformed` for element types and extents that cannot be.
  func type(_ message: ProtoMessage, of thing: String = "a type", depth: Int = 0) throws -> ONNXType
  {
    guard depth < Self.depthLimit else {
      throw Diagnostic.error(.malformed, "the type of \(thing) is nested too deep")
    }
    if let tensor = message.message("tensor_type") {
      let element = try ONNXElementType(code: Int(tensor.int("elem_type")), of: thing)
      let shape = try tensor.message("shape").map {
        try $0.messages("dim").map { try dim($0, thing) }
      }
      return .tensor(element, shape: shape)
    }
    if let item = message.message("sequence_type")?.message("elem_type") {
      return .sequence(try type(item, of: thing, depth: depth + 1))
    }
    if let item = message.message("optional_type")?.message("elem_type") {
      return .optional(try type(item, of: thing, depth: depth + 1))
    }
    if message.has("map_type") { return .other("map") }
    if message.has("sparse_tensor_type") { return .other("sparse tensor") }
    if message.has("opaque_type") { return .other("opaque value") }
    return .unknown
  }

  private func dim(_ message: ProtoMessage, _ thing: String) throws -> ONNXDim {
    switch message.oneofCase(of: "dim_value") {
    case "dim_value":
      let value = Int(message.int("dim_value"))
      // Some exporters write -1 for an extent that is not fixed.
      if value == -1 { return .unknown }
      guard value >= 0 else {
        throw Diagnostic.error(.malformed, "\(thing) has the negative extent \(value)")
      }
      return .fixed(value)
    case "dim_param":
      let name = message.string("dim_param")
      return name.isEmpty || name == "?" ? .unknown : .named(name)
    default: return .unknown
    }
  }
}
