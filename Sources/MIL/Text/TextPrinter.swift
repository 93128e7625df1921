// SPDX-License-Identifier: Apache-2.0

/// Writes a function in MIL's text form.
struct TextPrinter {
  let function: Function
  let options: TextOptions
  private var text = ""
  private var depth = 0

  init(_ function: Function, _ options: TextOptions) {
    self.function = function
    self.options = options
  }

  mutating func printed() -> String {
    text = "func \(Self.word(function.name))(\(parameters(function.inputs)))"
    text += " opset \(function.opset.identifier)"
    let symbols = function.symbols.entries.sorted { $0.key < $1.key }
    if !symbols.isEmpty {
      text += " where " + symbols.map { Self.symbol($0.key, $0.value) }.joined(separator: ", ")
    }
    if !function.attributes.isEmpty {
      text += " " + Self.attributes(function.attributes, options)
    }
    text += " "
    body(function.body)
    for (opset, block) in function.specializations.sorted(by: { $0.key < $1.key }) {
      text += " specialization \(Self.word(opset)) "
      blockHead(block)
      body(block)
    }
    return text + "\n"
  }

  private func name(_ id: ValueID) -> String { "%" + Self.word(function.values[id].name) }

  private func typed(_ id: ValueID) -> String { "\(name(id)): \(function.values[id].type)" }

  private func parameters(_ ids: [ValueID]) -> String {
    ids.map(typed).joined(separator: ", ")
  }

  // MARK: Blocks

  private mutating func body(_ block: Block) {
    text += "{\n"
    depth += 1
    for operation in block.operations where !isInlined(operation) { line(operation) }
    indent()
    text += "return" + (block.outputs.isEmpty ? "" : " ")
    text += block.outputs.map(name).joined(separator: ", ") + "\n"
    depth -= 1
    indent()
    text += "}"
  }

  private mutating func blockHead(_ block: Block) {
    if block.inputs.isEmpty && block.attributes.isEmpty { return }
    text += "(\(parameters(block.inputs))) "
    if !block.attributes.isEmpty { text += Self.attributes(block.attributes, options) + " " }
  }

  private mutating func indent() {
    text += String(repeating: "  ", count: depth)
  }

  // MARK: Operations

  private mutating func line(_ operation: Operation) {
    indent()
    if !operation.outputs.isEmpty {
      let showsTypes = options.showsTypes && operation.type != "const"
      let results = operation.outputs.map { showsTypes ? typed($0) : name($0) }
      text += results.joined(separator: ", ") + " = "
    }
    text += Self.word(operation.type) + "("
    text += operation.inputs.map(operand).joined(separator: ", ") + ")"
    if operation.name != operation.impliedName(in: function.values) {
      text += " as " + Self.word(operation.name)
    }
    var attributes = operation.attributes
    if operation.type == "const", let id = operation.outputs.first,
      let value = function.values[id].constant
    {
      attributes.insert(Attribute("val", value), at: 0)
    }
    if !attributes.isEmpty { text += " " + Self.attributes(attributes, options) }
    for block in operation.blocks {
      text += " "
      blockHead(block)
      body(block)
    }
    if options.showsOrigins, let origin = operation.origin { text += " @ " + Self.origin(origin) }
    text += "\n"
  }

  private func operand(_ input: Operation.Input) -> String {
    let arguments = input.arguments.map(argument)
    let isList = Catalogue.isVariadic(input.name)
    let value =
      arguments.count == 1 && !isList ? arguments[0] : "(\(arguments.joined(separator: ", ")))"
    return "\(Self.word(input.name)): \(value)"
  }

  private func argument(_ argument: Argument) -> String {
    switch argument {
    case .literal(let constant): return Self.constant(constant, options)
    case .value(let id):
      if isInlined(id), let constant = function.values[id].constant {
        return "const " + Self.constant(constant, options)
      }
      return name(id)
    }
  }

  private func isInlined(_ operation: Operation) -> Bool {
    operation.type == "const" && operation.outputs.first.map(isInlined) ?? false
  }

  /// Whether the value is shown where it is used.
  private func isInlined(_ id: ValueID) -> Bool {
    guard options.inlinesConstants, let constant = function.values[id].constant else {
      return false
    }
    return Self.isSmall(constant, options)
  }
}

extension Catalogue {
  /// Operands that hold any number of arguments.
  static func isVariadic(_ operand: String) -> Bool { variadicNames.contains(operand) }

  private static let variadicNames = Set(
    standard.specs.values.flatMap { spec in
      spec.revisions.flatMap(\.operands).filter { $0.kind == .variadic }.map(\.name)
    })
}

extension Operation {
  /// The name that an operation has unless it says otherwise: that of its result, without the
  /// number of the first of several, or its type.
  func impliedName(in values: ValueTable) -> String {
    guard let first = outputs.first.map({ values[$0].name }) else { return type }
    return outputs.count > 1 && first.hasSuffix("_0") ? String(first.dropLast(2)) : first
  }
}
