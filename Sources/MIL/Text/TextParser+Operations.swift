// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tensors

extension TextParser {
  /// The results that a line declares, before the operation is known.
  private struct Result {
    var name: String
    var type: ValueType?
    var place: Token
  }

  /// An operand as read: values, or constants that become values of their own.
  private struct Operand {
    enum Item {
      case argument(Argument)
      /// `const float16[] 0.5`: a `const` operation before this one.
      case constant(Constant)
      /// `0.5`: the same, of the dtype that the signature asks for.
      case literal(Value, Token)
    }

    var name: String
    var items: [Item]
  }

  /// One line: an operation, behind the `const` operations of its literals.
  func operation() throws -> [Operation] {
    let results = try self.results()
    let place = token
    let type = try word("an operation")
    try expect("(")
    let operands = try list(until: ")", operand)
    let name = takeWord("as") ? try word("the name of the operation") : nil
    var attributes = isAttributes() ? try self.attributes() : []
    let value = type == "const" ? takeValue(&attributes) : nil
    var blocks: [Block] = []
    while isMark("{") || isMark("(") { blocks.append(try block()) }
    let origin = take("@") ? try self.origin() : nil

    var emitted: [Operation] = []
    let dtypes = literalDTypes(type, operands)
    var operation = Operation(type, name: name ?? "", origin: origin)
    operation.attributes = attributes
    operation.blocks = blocks
    operation.inputs = try operands.map { operand in
      let arguments = try operand.items.map {
        try argument($0, of: operand.name, dtype: dtypes[operand.name], &emitted)
      }
      return Operation.Input(operand.name, arguments)
    }
    try define(results, of: &operation, value: value, at: place)
    if name == nil { operation.name = operation.impliedName(in: function.values) }
    return emitted + [operation]
  }

  private func takeValue(_ attributes: inout [Attribute]) -> Constant? {
    guard let index = attributes.firstIndex(where: { $0.name == "val" }) else { return nil }
    return attributes.remove(at: index).value
  }

  /// `%a: TYPE, %b =`, types optional; nothing where the operation has no results.
  private func results() throws -> [Result] {
    guard case .value = token.kind else { return [] }
    var results: [Result] = []
    repeat {
      let (name, place) = try newName()
      results.append(Result(name: name, type: take(":") ? try type() : nil, place: place))
    } while take(",")
    try expect("=")
    return results
  }

  // MARK: Operands

  private func operand() throws -> Operand {
    let name = try word("the name of an operand")
    try expect(":")
    if take("(") { return Operand(name: name, items: try list(until: ")", item)) }
    return Operand(name: name, items: [try item()])
  }

  private func item() throws -> Operand.Item {
    if case .value = token.kind { return .argument(.value(try value())) }
    if takeWord("const") { return .constant(try constant()) }
    let place = token
    if let literal = try literal() { return .literal(literal, place) }
    return .argument(.literal(try constant()))
  }

  private func literalDTypes(_ type: String, _ operands: [Operand]) -> [String: DType] {
    guard let signature = catalogue[type]?.signature(in: function.opset) else { return [:] }
    let known = operands.compactMap { operand -> (String, DType)? in
      for item in operand.items {
        switch item {
        case .argument(.value(let id)):
          if let dtype = function.values[id].type.tensor?.dtype { return (operand.name, dtype) }
        case .argument(.literal(let constant)), .constant(let constant):
          if let dtype = constant.type.tensor?.dtype { return (operand.name, dtype) }
        case .literal: break
        }
      }
      return nil
    }
    return signature.literalDTypes(beside: known)
  }

  private func argument(
    _ item: Operand.Item, of operand: String, dtype: DType?, _ emitted: inout [Operation]
  ) throws -> Argument {
    switch item {
    case .argument(let argument): return argument
    case .constant(let constant): return .value(emit(constant, operand, &emitted))
    case .literal(let literal, let place):
      do {
        let builder = FunctionBuilder(opset: function.opset, catalogue: catalogue)
        let constant = try builder.literalConstant(literal, dtype: dtype)
        return .value(emit(constant, operand, &emitted))
      } catch let diagnostic as Diagnostic {
        throw fault("'\(operand)': \(diagnostic.message)", at: place)
      }
    }
  }

  private func emit(
    _ constant: Constant, _ name: String, _ emitted: inout [Operation]
  ) -> ValueID {
    let id = function.values.add(ValueInfo(name: name, type: constant.type, constant: constant))
    let unique = function.values[id].name
    names[names.count - 1][unique] = id
    emitted.append(Operation("const", name: unique, outputs: [id]))
    return id
  }

  // MARK: Results

  private func define(
    _ results: [Result], of operation: inout Operation, value: Constant?, at place: Token
  ) throws {
    let infos = try self.infos(results, of: operation, value: value, at: place)
    guard infos.count == results.count else {
      throw fault(
        "'\(operation.type)' has \(infos.count) results, not \(results.count)", at: place)
    }
    for (result, info) in zip(results, infos) {
      operation.outputs.append(try define(result.name, info, at: result.place))
    }
  }

  /// What is known of the results: as the text says, else as the catalogue infers.
  private func infos(
    _ results: [Result], of operation: Operation, value: Constant?, at place: Token
  ) throws -> [ValueInfo] {
    if operation.type == "const" {
      guard let value else { throw fault("'const' has no 'val'", at: place) }
      return results.map {
        ValueInfo(name: $0.name, type: $0.type ?? value.type, constant: value)
      }
    }
    let context = self.context(operation, at: place)
    var types = results.compactMap(\.type)
    if types.count < results.count || (results.isEmpty && context != nil) {
      guard let context else {
        throw fault(
          "'\(operation.type)' is no operation of \(function.opset.identifier): "
            + "the types of its results must be given", at: place)
      }
      let inferred = try context.checkedResults()
      guard inferred.count == results.count else {
        throw fault(
          "'\(operation.type)' has \(inferred.count) results, not \(results.count)", at: place)
      }
      types = zip(results, inferred).map { $0.type ?? $1 }
    }
    let dims = (try? context?.resultDims()) ?? nil
    return zip(results, types).enumerated().map { index, pair in
      var info = ValueInfo(name: pair.0.name, type: pair.1, dims: index == 0 ? dims : nil)
      info.isConstantExpression = operation.isConstantExpression
      return info
    }
  }

  private func context(_ operation: Operation, at place: Token) -> OpContext? {
    guard let spec = catalogue[operation.type], let signature = spec.signature(in: function.opset)
    else { return nil }
    var operation = operation
    if operation.origin == nil {
      operation.origin = Location(
        operation: operation.type, sourceLine: "line \(place.line), column \(place.column)")
    }
    return OpContext(
      operation, spec: spec, signature: signature, opset: function.opset, values: function.values,
      scope: scope)
  }

  // MARK: Provenance

  /// `"module (line)"`, or `[node: "x", module: "y"]`.
  private func origin() throws -> Location {
    if case .string(let text) = token.kind {
      advance()
      guard text.hasSuffix(")"), let open = text.lastIndex(of: "("), open > text.startIndex,
        text[text.index(before: open)] == " "
      else { return Location(module: text) }
      let module = text[..<text.index(before: open)]
      let line = text[text.index(after: open)...].dropLast()
      return Location(module: String(module), sourceLine: String(line))
    }
    try expect("[")
    var origin = Location()
    for (place, key, value) in try list(until: "]", originField) {
      switch key {
      case "file": origin.file = value
      case "entry": origin.entry = value
      case "operation": origin.operation = value
      case "node": origin.node = value
      case "module": origin.module = value
      case "line": origin.sourceLine = value
      default:
        throw fault(
          "'\(key)' is not one of file, entry, operation, node, module, line", at: place)
      }
    }
    return origin
  }

  private func originField() throws -> (Token, String, String) {
    let place = token
    let key = try word("a field of the origin")
    try expect(":")
    return (place, key, try string("text in quotes"))
  }
}
