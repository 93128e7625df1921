// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import MIL
import Tensors

/// Reads one `Function` message: names become values, each defined once before it is used.
struct FunctionReader {
  private var function: Function
  private var types = TypeReader()
  private let constants: ConstantReader
  private var forms: OperandForms
  private var visible: [String: ValueID] = [:]
  /// Names in `visible`, in order; those of a block are taken out at its end.
  private var names: [String] = []
  /// The message of the body being read, to tell a late definition from a missing one.
  private var body: ProtoMessage

  /// Reads the function `name`. Throws `.malformed`, and `.unsupportedByTarget` for an opset that
  /// is not known.
  static func read(
    _ name: String, _ message: ProtoMessage, interface: FunctionInterface?, weights: WeightFiles
  ) throws -> Function {
    let spelling = message.string("opset")
    guard let opset = Opset(identifier: spelling) else { throw Diagnostic.opset(name, spelling) }
    let bodies = try uniqueEntries(message, "block_specializations", "the function '\(name)'")
    guard let body = bodies.first(where: { $0.key == spelling }) else {
      throw Diagnostic.noBody(name, spelling, bodies.map(\.key))
    }
    var reader = FunctionReader(name, opset, body.value, weights)
    try reader.readInputs(message.messages("inputs"), interface)
    reader.function.body = try reader.block(body.value, isBody: true)
    for (key, other) in bodies where key != spelling {
      reader.body = other
      reader.function.specializations[key] = try reader.block(other, isBody: true)
    }
    reader.function.attributes = try reader.attributes(message)
    reader.function.preserved = try message.preservedUnknownFields()
    reader.function.symbols = reader.types.symbols
    return reader.function
  }

  private init(_ name: String, _ opset: Opset, _ body: ProtoMessage, _ weights: WeightFiles) {
    function = Function(name: name, opset: opset)
    constants = ConstantReader(weights: weights)
    forms = OperandForms(opset: opset)
    self.body = body
  }

  /// The entries of a map, whose keys must differ.
  private static func uniqueEntries(
    _ message: ProtoMessage, _ field: String, _ owner: String
  ) throws -> [(key: String, value: ProtoMessage)] {
    let entries = message.entries(field)
    // Operations have a handful; hashing them would cost more than comparing.
    let isRepeated: (Int) -> Bool
    if entries.count <= 16 {
      isRepeated = { index in
        entries[..<index].contains { $0.key == entries[index].key }
      }
    } else {
      var seen = Set<String>()
      isRepeated = { !seen.insert(entries[$0].key).inserted }
    }
    if let index = entries.indices.first(where: isRepeated) {
      throw Diagnostic.malformed("\(owner) has '\(entries[index].key)' twice in its \(field)")
    }
    return entries
  }

  private mutating func readInputs(
    _ messages: [ProtoMessage], _ interface: FunctionInterface?
  ) throws {
    for message in messages {
      let id = try define(message, "the input")
      function.inputs.append(id)
    }
    if let interface { function.narrowInputs(interface, &types.symbols) }
  }

  /// Adds the value that a `NamedValueType` declares.
  private mutating func define(
    _ message: ProtoMessage, _ role: String, constant: Constant? = nil
  ) throws -> ValueID {
    let name = message.string("name")
    if name.isEmpty { throw Diagnostic.malformed("\(role) has no name") }
    if visible[name] != nil { throw Diagnostic.malformed("'\(name)' is defined twice") }
    types.lost = false
    types.noteUnknownFields(message)
    let type: ValueType
    do {
      type = try types.type(message.message("type"))
    } catch let diagnostic as Diagnostic {
      throw diagnostic.about("\(role) '\(name)'")
    }
    var info = ValueInfo(name: name, type: type, constant: constant)
    if types.lost { info.preserved = Preserved(try message.encoded()) }
    let id = function.values.addKeepingName(info)
    visible[name] = id
    names.append(name)
    return id
  }

  // MARK: Blocks

  private mutating func block(_ message: ProtoMessage, isBody: Bool = false) throws -> Block {
    var block = Block()
    let outer = names.count
    defer {
      for name in names[outer...] { visible[name] = nil }
      names.removeSubrange(outer...)
    }
    for input in message.messages("inputs") {
      block.inputs.append(try define(input, "the block's input"))
    }
    let operations = message.messages("operations")
    block.operations.reserveCapacity(operations.count)
    for operation in operations {
      do {
        block.operations.append(try self.operation(operation))
      } catch let diagnostic as Diagnostic {
        throw diagnostic.at(operation.milLocation)
      }
    }
    for name in message.strings("outputs") {
      guard let id = visible[name] else {
        let owner = isBody ? "the function '\(function.name)'" : "a block"
        throw Diagnostic.malformed("\(owner) returns '\(name)', which nothing defines")
      }
      block.outputs.append(id)
    }
    block.attributes = try attributes(message)
    block.preserved = try message.preservedUnknownFields()
    return block
  }

  // MARK: Operations

  private mutating func operation(_ message: ProtoMessage) throws -> Operation {
    let type = message.string("type")
    if type.isEmpty { throw Diagnostic.malformed("an operation has no type") }
    var operation = Operation(type, name: "")
    var value: Constant?
    for (key, entry) in try Self.uniqueEntries(message, "attributes", "the operation") {
      let constant = try self.constant(entry, "the attribute '\(key)'")
      if key == "name", let name = constant.plainString {
        operation.name = name
      } else if key == "val" && type == "const" {
        value = constant
      } else if forms.form(type, key) == .attributes {
        operation.inputs.append(.init(key, [.literal(constant)]))
      } else {
        operation.attributes.append(Attribute(key, constant))
      }
    }
    try readInputs(of: message, &operation)
    for nested in message.messages("blocks") { operation.blocks.append(try block(nested)) }
    try readOutputs(of: message, &operation, value)
    try keepUnknownFields(of: message, &operation)
    return operation
  }

  private mutating func readInputs(of message: ProtoMessage, _ operation: inout Operation) throws {
    let attributes = Set(operation.inputs.map(\.name))
    for (key, entry) in try Self.uniqueEntries(message, "inputs", "the operation") {
      if attributes.contains(key) {
        throw Diagnostic.malformed("'\(key)' is both an operand and an attribute")
      }
      operation.inputs.append(
        .init(key, try entry.messages("arguments").map { try argument($0, key) }))
    }
    forms.sort(&operation.inputs, of: operation.type)
  }

  private mutating func argument(_ binding: ProtoMessage, _ operand: String) throws -> Argument {
    if let value = binding.message("value") {
      return .literal(try constant(value, "the operand '\(operand)'"))
    }
    guard binding.oneofCase(of: "name") != nil else {
      throw Diagnostic.malformed("the operand '\(operand)' is bound to nothing")
    }
    let name = binding.string("name")
    guard let id = visible[name] else {
      let later = body.milDefines(name)
      throw Diagnostic.malformed(
        later
          ? "the operand '\(operand)' is '\(name)', which is not defined before it"
          : "the operand '\(operand)' is '\(name)', which nothing defines")
    }
    return .value(id)
  }

  private mutating func readOutputs(
    of message: ProtoMessage, _ operation: inout Operation, _ value: Constant?
  ) throws {
    let outputs = message.messages("outputs")
    if operation.type == "const" {
      guard let value else { throw Diagnostic.malformed("a constant has no 'val'") }
      guard outputs.count == 1 else {
        throw Diagnostic.malformed("a constant has \(outputs.count) results")
      }
      let id = try define(outputs[0], "the result", constant: value)
      let declared = function.values[id].type
      guard value.type.isWritten(like: declared) else {
        throw Diagnostic.malformed("it is declared \(declared) but its value is \(value.type)")
      }
      operation.outputs = [id]
      return
    }
    for output in outputs {
      let id = try define(output, "the result")
      function.values[id].isConstantExpression = operation.isConstantExpression
      operation.outputs.append(id)
    }
  }

  private mutating func attributes(_ message: ProtoMessage) throws -> [Attribute] {
    try Self.uniqueEntries(message, "attributes", "the function '\(function.name)'").map {
      Attribute($0.key, try constant($0.value, "the attribute '\($0.key)'"))
    }
  }

  private mutating func constant(_ message: ProtoMessage, _ role: String) throws -> Constant {
    do {
      return try constants.constant(message, &types)
    } catch let diagnostic as Diagnostic where diagnostic.location == nil {
      throw diagnostic.about(role)
    }
  }

  /// Keeps unknown fields of an operation and of the bindings in it.
  private func keepUnknownFields(
    of message: ProtoMessage, _ operation: inout Operation
  ) throws {
    var rest = ProtoMessage(message.schema)
    for field in message.unknownFields { rest.addUnknownField(field) }
    let inputs = message.entries("inputs").filter { $0.value.holdsUnknownBindings }
    if inputs.isEmpty && message.unknownFields.isEmpty { return }
    rest.setEntries("inputs", inputs.map { ($0.key, $0.value.unknownFieldsOfArgument()) })
    operation.preserved = Preserved(try rest.encoded())
  }
}

extension Constant {
  /// The text of a scalar string that is nothing but that.
  fileprivate var plainString: String? {
    guard case .strings(let strings, let shape) = payload, shape.isEmpty, docString.isEmpty,
      declaredType == nil, preserved.bytes.isEmpty
    else { return nil }
    return strings.first
  }
}

extension Diagnostic {
  fileprivate static func opset(_ function: String, _ found: String) -> Diagnostic {
    let known = Opset.allCases.map(\.identifier).joined(separator: ", ")
    // A later version of the format has later opsets; anything else is none.
    let isLater = found.hasPrefix("CoreML") && UInt32(found.dropFirst(6)) != nil
    return .error(
      isLater ? .unsupportedByTarget : .malformed,
      "the function '\(function)' has the opset '\(found)' (readable: \(known))")
  }

  fileprivate static func noBody(
    _ function: String, _ opset: String, _ found: [String]
  ) -> Diagnostic {
    .malformed(
      "the function '\(function)' has no body for its opset \(opset) (it has: "
        + (found.isEmpty ? "none" : found.sorted().joined(separator: ", ")) + ")")
  }
}
