// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import MIL

/// Writes one function as a `Function` message. Maps are written in the order of their keys.
struct FunctionWriter {
  private let function: Function
  private let names: ValueNames
  private let forms: OperandForms
  private var constants: ConstantWriter

  /// Gives the message; weights get their places in `constants`.
  static func message(
    _ function: Function, _ constants: inout ConstantWriter
  ) throws -> ProtoMessage {
    var writer = FunctionWriter(
      function: function, names: ValueNames(function), forms: OperandForms(opset: function.opset),
      constants: constants)
    let message = try writer.message()
    constants = writer.constants
    return message
  }

  private mutating func message() throws -> ProtoMessage {
    var message = ProtoMessage(.milFunction)
    message.set("inputs", try function.inputs.map { try declaration($0) })
    message.set("opset", function.opset.identifier)
    var bodies = function.specializations
    bodies[function.opset.identifier] = function.body
    var blocks: [(key: String, value: ProtoMessage)] = []
    for (key, block) in bodies.sorted(by: { $0.key < $1.key }) {
      blocks.append((key, try self.block(block, inlined: block.inlinedConstants(forms, function))))
    }
    message.setEntries("block_specializations", blocks)
    message.setEntries("attributes", try attributes(function.attributes))
    try message.addUnknownFields(function.preserved)
    return message
  }

  private func declaration(_ id: ValueID) throws -> ProtoMessage {
    let info = function.values[id]
    var message = ProtoMessage(.milNamedValueType)
    message.set("name", names[id])
    if !info.preserved.bytes.isEmpty {
      var original = try ProtoMessage(decoding: info.preserved.bytes, as: .milNamedValueType)
      var types = TypeReader()
      if try types.type(original.message("type")).isWritten(like: info.type) {
        original.set("name", names[id])
        return original
      }
    }
    message.set("type", try info.type.message())
    return message
  }

  private mutating func block(_ block: Block, inlined: Set<ValueID>) throws -> ProtoMessage {
    var message = ProtoMessage(.milBlock)
    message.set("inputs", try block.inputs.map { try declaration($0) })
    message.set("outputs", block.outputs.map { names[$0] })
    var operations: [ProtoMessage] = []
    operations.reserveCapacity(block.operations.count)
    for operation in block.operations {
      if operation.type == "const", let id = operation.outputs.first, inlined.contains(id) {
        continue
      }
      do {
        operations.append(try self.operation(operation, inlined: inlined))
      } catch let diagnostic as Diagnostic {
        throw diagnostic.at(
          operation.origin ?? Location(operation: operation.type, node: operation.name))
      }
    }
    message.set("operations", operations)
    message.setEntries("attributes", try attributes(block.attributes))
    try message.addUnknownFields(block.preserved)
    return message
  }

  private mutating func operation(
    _ operation: Operation, inlined: Set<ValueID>
  ) throws -> ProtoMessage {
    var message = ProtoMessage(.milOperation)
    message.set("type", operation.type)
    var attributes = operation.attributes
    if !operation.name.isEmpty && !attributes.contains(where: { $0.name == "name" }) {
      attributes.append(Attribute("name", Constant(string: ValueNames.sanitized(operation.name))))
    }
    if operation.type == "const" {
      guard let id = operation.outputs.first, let value = function.values[id].constant else {
        throw Diagnostic.error(.internalError, "a constant without a value")
      }
      attributes.append(Attribute("val", value))
    }
    let inputs = try inputs(operation, &attributes)
    message.setEntries("inputs", inputs)
    message.set("outputs", try operation.outputs.map { try declaration($0) })
    var blocks: [ProtoMessage] = []
    for nested in operation.blocks { blocks.append(try block(nested, inlined: inlined)) }
    message.set("blocks", blocks)
    message.setEntries("attributes", try self.attributes(attributes))
    return operation.preserved.bytes.isEmpty ? message : try restored(message, operation, inputs)
  }

  /// The operands that are stored as such; those that are stored as attributes are added there.
  private mutating func inputs(
    _ operation: Operation, _ attributes: inout [Attribute]
  ) throws -> [(key: String, value: ProtoMessage)] {
    var entries: [(key: String, value: ProtoMessage)] = []
    for input in operation.inputs.sorted(by: { $0.name < $1.name }) {
      let form = forms.form(operation.type, input.name)
      if form == .attributes, input.arguments.count == 1,
        let constant = function.constant(of: input.arguments[0])
      {
        attributes.append(Attribute(input.name, constant))
        continue
      }
      var bindings: [ProtoMessage] = []
      for argument in input.arguments { bindings.append(try binding(argument, form)) }
      var message = ProtoMessage(.milArgument)
      message.set("arguments", bindings)
      entries.append((input.name, message))
    }
    return entries
  }

  private mutating func binding(_ argument: Argument, _ form: OperandForm) throws -> ProtoMessage {
    var message = ProtoMessage(.milBinding)
    switch argument {
    case .literal(let constant): message.set("value", try constants.message(constant))
    case .value(let id):
      if form != .names, let constant = function.values[id].constant {
        message.set("value", try constants.message(constant))
      } else {
        message.set("name", names[id])
      }
    }
    return message
  }

  private mutating func attributes(
    _ attributes: [Attribute]
  ) throws -> [(key: String, value: ProtoMessage)] {
    var entries: [(key: String, value: ProtoMessage)] = []
    for attribute in attributes.sorted(by: { $0.name < $1.name }) {
      entries.append((attribute.name, try constants.message(attribute.value)))
    }
    return entries
  }

  /// Puts the unknown fields of an operation and its bindings back.
  private func restored(
    _ message: ProtoMessage, _ operation: Operation, _ inputs: [(key: String, value: ProtoMessage)]
  ) throws -> ProtoMessage {
    var message = message
    try message.addUnknownFields(operation.preserved)
    let kept = try ProtoMessage(decoding: operation.preserved.bytes, as: .milOperation)
    let arguments = Dictionary(kept.entries("inputs")) { first, _ in first }
    message.setEntries(
      "inputs",
      inputs.map { key, value in
        guard let old = arguments[key] else { return (key, value) }
        return (key, value.addingUnknownFields(ofArgument: old))
      })
    return message
  }
}

extension ProtoMessage {
  /// An `Argument` with the unknown fields of another of as many bindings.
  fileprivate func addingUnknownFields(ofArgument other: ProtoMessage) -> ProtoMessage {
    var copy = self
    for field in other.unknownFields { copy.addUnknownField(field) }
    let (bindings, others) = (messages("arguments"), other.messages("arguments"))
    guard bindings.count == others.count else { return copy }
    copy.set(
      "arguments",
      zip(bindings, others).map { binding, old in
        var binding = binding
        for field in old.unknownFields { binding.addUnknownField(field) }
        return binding
      })
    return copy
  }
}

extension Function {
  /// The constant that an argument is bound to.
  func constant(of argument: Argument) -> Constant? {
    switch argument {
    case .literal(let constant): constant
    case .value(let id): values[id].constant
    }
  }
}

extension Block {
  /// Constants all of whose uses are stored with their users, so that they need no operation.
  func inlinedConstants(_ forms: OperandForms, _ function: Function) -> Set<ValueID> {
    var inlined = Set<ValueID>()
    var named = Set<ValueID>()
    collectUses(forms, function, &inlined, &named)
    return inlined.subtracting(named)
  }

  private func collectUses(
    _ forms: OperandForms, _ function: Function, _ inlined: inout Set<ValueID>,
    _ named: inout Set<ValueID>
  ) {
    for operation in operations {
      for input in operation.inputs {
        let inlines = forms.form(operation.type, input.name) != .names
        for case .value(let id) in input.arguments where function.values[id].constant != nil {
          if inlines { inlined.insert(id) } else { named.insert(id) }
        }
      }
      for block in operation.blocks { block.collectUses(forms, function, &inlined, &named) }
    }
    named.formUnion(outputs)
  }
}
