// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// A node being lowered: its inputs and attributes by the names of the operator's schema.
final class NodeCall {
  let node: ONNXNode
  let row: ONNXLowering
  let lowering: GraphLowering
  let opset: Int
  /// Values of the inputs, in order; `nil` for those left out.
  let inputs: [ONNXValue?]
  private let attributes: [String: ONNXAttribute]

  var build: FunctionBuilder { lowering.build }

  /// Throws `.malformed` where inputs and attributes are not those of the operator.
  init(
    _ node: ONNXNode, row: ONNXLowering, in lowering: GraphLowering, opset: Int,
    inputs: [ONNXValue?], attributes: [String: ONNXAttribute]
  ) throws {
    self.node = node
    self.row = row
    self.lowering = lowering
    self.opset = opset
    self.inputs = inputs
    self.attributes = attributes
    try checkInputs()
    for name in attributes.keys.sorted() where !row.attributes.contains(name) {
      throw fault(
        .unsupportedArgument, "attribute '\(name)' is not one that modelpack knows of the operator",
        fix: "remove the attribute, or export the model with standard operators")
    }
  }

  private func checkInputs() throws {
    let isVariadic = row.inputs.last?.isVariadic ?? false
    guard isVariadic || inputs.count <= row.inputs.count else {
      throw fault(
        .malformed,
        "has \(inputs.count) inputs where the operator takes at most \(row.inputs.count)"
      )
    }
    for (index, port) in row.inputs.enumerated() where !port.isOptional && !port.isVariadic {
      guard inputs.indices.contains(index), inputs[index] != nil else {
        throw fault(.malformed, "input '\(port.name)' is missing")
      }
    }
  }

  func fault(
    _ code: Diagnostic.Code, _ message: String, fix: String? = nil
  ) -> Diagnostic {
    .error(code, at: node.location, message, fix: fix)
  }

  // MARK: Inputs

  private func index(_ name: String) throws -> Int {
    guard let index = row.inputs.firstIndex(where: { $0.name == name }) else {
      throw fault(.internalError, "the operator has no input '\(name)'")
    }
    return index
  }

  /// The value of an input that may be left out.
  func source(_ name: String) throws -> ONNXValue? {
    let index = try index(name)
    return inputs.indices.contains(index) ? inputs[index] : nil
  }

  func has(_ name: String) -> Bool { (try? source(name)) ?? nil != nil }

  private func required(_ name: String) throws -> ONNXValue {
    guard let value = try source(name) else {
      throw fault(.malformed, "input '\(name)' is missing")
    }
    return value
  }

  func value(_ name: String) throws -> Value { try lowering.tensor(required(name), name, self) }

  func optional(_ name: String) throws -> Value? {
    try source(name).map { try lowering.tensor($0, name, self) }
  }

  /// The value of an input that limits others, `nil` where it is left out: a number past int32,
  /// the usual way to say "no limit", becomes the last one.
  func limit(_ name: String) throws -> Value? {
    guard let source = try source(name), source.dtype.isInteger,
      let known = lowering.known(source), let ints = known.ints
    else { return try optional(name) }
    let clamped = Known(known.shape, .integers(ints.map { .fixed(Int(Int32(clamping: $0))) }))
    return try lowering.tensor(ONNXValue(clamped, source.dtype), name, self)
  }

  /// All values of the variadic input.
  func variadic() throws -> [ONNXValue] {
    let start = max(row.inputs.count - 1, 0)
    return try inputs.dropFirst(start).map { value in
      guard let value else { throw fault(.malformed, "an input among several is left out") }
      return value
    }
  }

  func values() throws -> [Value] {
    let name = row.inputs.last?.name ?? ""
    return try variadic().map { try lowering.tensor($0, name, self) }
  }

  /// The element type that the source gives an input.
  func dtype(_ name: String) throws -> DType { try required(name).dtype }

  func type(_ name: String) throws -> TensorType { try lowering.type(required(name), name, self) }
  func shape(_ name: String) throws -> [Dim] { try type(name).shape }
  func rank(_ name: String) throws -> Int { try type(name).rank }

  /// The elements of an input, where they are few and known.
  func known(_ name: String) throws -> Known? { try source(name).flatMap(lowering.known) }

  /// The weight behind an input, if it is one; not put into the program yet.
  func weight(_ name: String) throws -> (any WeightSource)? {
    try source(name).flatMap(lowering.weight)
  }

  /// The integers of an input that must be known. `nil` where it is left out.
  func constantInts(_ name: String) throws -> [Int]? {
    guard has(name) else { return nil }
    guard let ints = try known(name)?.ints else { throw notConstant(name) }
    return ints
  }

  /// The single number of an input that must be known. `nil` where it is left out.
  func constantNumber(_ name: String) throws -> Double? {
    guard has(name) else { return nil }
    guard let values = try constantNumbers(name), values.count == 1 else {
      throw fault(.unsupportedArgument, "input '\(name)' must be one number")
    }
    return values[0]
  }

  func constantNumbers(_ name: String) throws -> [Double]? {
    guard has(name) else { return nil }
    if let values = try known(name)?.doubles { return values }
    guard let data = try weight(name)?.materialized() else { throw notConstant(name) }
    return data.doubles
  }

  func notConstant(_ name: String) -> Diagnostic {
    fault(
      .unsupportedArgument,
      "input '\(name)' is computed when the model runs; it must be a constant",
      fix: "export the model with a fixed '\(name)', or simplify it with constant folding")
  }

  // MARK: Attributes

  func has(attribute name: String) -> Bool { attributes[name] != nil }

  private func attribute<T>(
    _ name: String, _ kind: String, _ cast: (ONNXAttribute) -> T?
  ) throws -> T? {
    guard let attribute = attributes[name] else { return nil }
    guard let value = cast(attribute) else {
      throw fault(
        .malformed, "attribute '\(name)' is \(attribute.kind), not \(kind)")
    }
    return value
  }

  private func required<T>(_ name: String, _ value: T?) throws -> T {
    guard let value else { throw fault(.malformed, "attribute '\(name)' is missing") }
    return value
  }

  func int(_ name: String) throws -> Int { try required(name, optionalInt(name)) }
  func int(_ name: String, default value: Int) throws -> Int { try optionalInt(name) ?? value }
  func optionalInt(_ name: String) throws -> Int? {
    try attribute(name, "INT") { if case .int(let value) = $0 { value } else { nil } }
  }

  func flag(_ name: String, default value: Bool = false) throws -> Bool {
    try optionalInt(name).map { $0 != 0 } ?? value
  }

  func ints(_ name: String) throws -> [Int]? {
    try attribute(name, "INTS") { if case .ints(let value) = $0 { value } else { nil } }
  }

  /// A float, widened exactly.
  func float(_ name: String) throws -> Double { try required(name, optionalFloat(name)) }
  func float(_ name: String, default value: Float) throws -> Double {
    try optionalFloat(name) ?? Double(value)
  }
  func optionalFloat(_ name: String) throws -> Double? {
    try attribute(name, "FLOAT") { if case .float(let value) = $0 { Double(value) } else { nil } }
  }

  func floats(_ name: String) throws -> [Double]? {
    try attribute(name, "FLOATS") {
      if case .floats(let values) = $0 { values.map { Double($0) } } else { nil }
    }
  }

  func string(_ name: String, default value: String) throws -> String {
    try optionalString(name) ?? value
  }
  func optionalString(_ name: String) throws -> String? {
    try attribute(name, "STRING") { if case .string(let value) = $0 { value } else { nil } }
  }

  /// A string that must be one of `allowed`.
  func choice(_ name: String, _ allowed: [String], default value: String) throws -> String {
    let found = try string(name, default: value)
    guard allowed.contains(found) else {
      throw fault(
        .unsupportedArgument,
        "attribute '\(name)' is '\(found)', not one of \(allowed.joined(separator: ", "))")
    }
    return found
  }

  func strings(_ name: String) throws -> [String]? {
    try attribute(name, "STRINGS") { if case .strings(let values) = $0 { values } else { nil } }
  }

  func tensor(_ name: String) throws -> ONNXTensor? {
    try attribute(name, "TENSOR") { if case .tensor(let value) = $0 { value } else { nil } }
  }

  func graph(_ name: String) throws -> ONNXGraph {
    try required(
      name,
      attribute(name, "GRAPH") { if case .graph(let value) = $0 { value } else { nil } })
  }

  /// The element type that an attribute names by number.
  func elementType(_ name: String) throws -> DType? {
    guard let code = try optionalInt(name) else { return nil }
    let type = try ONNXElementType(code: code, of: "attribute '\(name)'")
    guard let dtype = type.dtype, dtype.runtime != nil else {
      throw fault(
        .unsupportedType, "attribute '\(name)' asks for \(type.name), which Core ML lacks")
    }
    return dtype
  }

  /// Throws unless an attribute has the one value that is supported.
  func require(_ name: String, _ value: Int) throws {
    let found = try int(name, default: value)
    guard found == value else {
      throw fault(
        .unsupportedArgument, "attribute '\(name)' is \(found); only \(value) is supported")
    }
  }

  // MARK: Results

  /// Whether anything reads output `index`.
  func isUsed(_ index: Int) -> Bool {
    node.outputs.indices.contains(index) && !node.outputs[index].isEmpty
  }

  /// `value` as the result at `index`, with its element type in the source.
  func result(_ value: Value, _ index: Int) throws -> ONNXValue {
    let running = try build.dtype(of: value)
    let rule = row.results.indices.contains(index) ? row.results[index] : row.results.last
    let dtype: DType
    switch rule {
    case .dtype(let named): dtype = named
    case .by(let rule): dtype = try rule(self)
    case .first, nil:
      let first = inputs.first.flatMap { $0?.dtype }
      dtype = first?.runtime == running ? first ?? running : running == .int32 ? .int64 : running
    }
    return ONNXValue(value, dtype)
  }
}

extension NodeCall {
  /// A recipe over the weight at input `name`, put into the program under the weight's name.
  func placed(_ source: any WeightSource, as name: String) throws -> Value {
    if case .weight(_, let label, let stored)? = try self.source(name)?.content {
      try lowering.checkRange(stored, label)
      return try lowering.place(source, label)
    }
    return try lowering.place(source, name)
  }
}
