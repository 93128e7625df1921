// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tensors

extension FunctionBuilder {
  /// Emits one operation and gives its results. Absent operands are `nil`.
  ///
  /// Throws `.unsupportedByTarget` for an operation or operand that the opset lacks, and what
  /// signature and constraints have against the operands.
  @discardableResult
  package func emit(
    _ type: String, name: String? = nil, _ inputs: KeyValuePairs<String, Value?>,
    blocks nested: [Block] = [], attributes: [Attribute] = []
  ) throws -> [Value] {
    try emit(
      type, name: name, inputs: inputs.map { ($0.key, $0.value) }, blocks: nested,
      attributes: attributes)
  }

  @discardableResult
  package func emit(
    _ type: String, name: String? = nil, inputs: [(String, Value?)], blocks nested: [Block] = [],
    attributes: [Attribute] = []
  ) throws -> [Value] {
    let (spec, signature) = try definition(of: type)
    if let constant = try folded(type, inputs) { return [constant] }
    let inputs = type == "select" ? try selectOperands(inputs) : inputs
    let opName = name ?? nameHint ?? type
    let dtypes = try resolveDomains(signature, inputs)
    var operation = Operation(type, name: opName, origin: origin)
    operation.blocks = nested
    operation.attributes = attributes
    for (operandName, value) in inputs {
      guard let value else { continue }
      guard let operand = signature.operand(operandName) else {
        throw missingOperand(operandName, of: spec)
      }
      operation.inputs.append(
        .init(operandName, try arguments(value, for: operand, dtype: dtypes[operand.name])))
    }
    let (types, dims) = try results(of: operation, spec, signature)
    return add(operation, types: types, dims: dims)
  }

  /// Not inlined, so that its view of the values is gone when one is added: it would be copied.
  @inline(never)
  private func results(
    of operation: Operation, _ spec: OpSpec, _ signature: Signature
  ) throws -> ([ValueType], [Dim]?) {
    let context = OpContext(
      operation, spec: spec, signature: signature, opset: opset, values: function.values,
      scope: scope)
    return (try context.checkedResults(), try context.resultDims())
  }

  private func definition(of type: String) throws -> (OpSpec, Signature) {
    guard let spec = catalogue[type] else { throw internalFault("no MIL operation '\(type)'") }
    guard let signature = spec.signature(in: opset) else {
      throw Diagnostic.error(
        .unsupportedByTarget, at: origin,
        "needs the MIL operation '\(type)', which \(opset) lacks",
        fix: "use a target of \(spec.since) or later")
    }
    return (spec, signature)
  }

  private func missingOperand(_ name: String, of spec: OpSpec) -> Diagnostic {
    guard let revision = spec.revisions.first(where: { $0.operand(name) != nil }) else {
      return internalFault("the MIL operation '\(spec.name)' has no operand '\(name)'")
    }
    return .error(
      .unsupportedByTarget, at: origin,
      "needs operand '\(name)' of the MIL operation '\(spec.name)', which \(opset) lacks",
      fix: "use a target of \(revision.since) or later")
  }

  /// The dtype each operand's literals take: that of the run-time values sharing its domain.
  private func resolveDomains(
    _ signature: Signature, _ inputs: [(String, Value?)]
  ) throws -> [String: DType] {
    let known = inputs.compactMap { name, value -> (String, DType)? in
      switch value {
      case .ssa?, .constant?:
        value.flatMap { valueType(of: $0).tensor?.dtype }.map { (name, $0) }
      default: nil
      }
    }
    return signature.literalDTypes(beside: known)
  }

  private func arguments(_ value: Value, for operand: Operand, dtype: DType?) throws -> [Argument] {
    switch value {
    case .many(let values):
      var shared = dtype
      for value in values where shared == nil {
        if case .ssa(let id) = value { shared = function.values[id].type.tensor?.dtype }
      }
      return try values.map { .value(try materialize($0, for: shared, hint: operand.name)) }
    default:
      return [.value(try materialize(value, for: dtype, hint: operand.name))]
    }
  }

  /// Appends `operation` with results of the given types to the innermost block.
  private func add(_ operation: Operation, types: [ValueType], dims: [Dim]?) -> [Value] {
    var operation = operation
    let single = types.count == 1
    operation.outputs = types.enumerated().map { index, type in
      var info = ValueInfo(
        name: single ? operation.name : "\(operation.name)_\(index)", type: type,
        dims: index == 0 ? dims : nil)
      info.isConstantExpression = operation.isConstantExpression
      return function.values.add(info)
    }
    if let first = operation.outputs.first, single { operation.name = function.values[first].name }
    blocks[blocks.count - 1].block.operations.append(operation)
    return operation.outputs.map { .ssa($0) }
  }

  /// Opens a block, lets `body` fill it, and gives it closed with the results of `body`.
  package func block(
    inputs types: [(name: String, type: ValueType)] = [], _ body: ([Value]) throws -> [Value]
  ) throws -> Block {
    let ids = types.map { function.values.add(ValueInfo(name: $0.name, type: $0.type)) }
    var opened = Block()
    opened.inputs = ids
    blocks.append(OpenBlock(block: opened))
    defer { blocks.removeLast() }
    let results = try body(ids.map { .ssa($0) }).map { try materialize($0, for: nil) }
    blocks[blocks.count - 1].block.outputs = results
    return blocks[blocks.count - 1].block
  }
}

/// `build.mil.NAME(...)`.
@dynamicMemberLookup
package struct Emitters {
  let builder: FunctionBuilder

  package subscript(dynamicMember type: String) -> Emitter {
    Emitter(builder: builder, type: type)
  }
}

/// One operation waiting for its operands; gives its first result.
@dynamicCallable
package struct Emitter {
  let builder: FunctionBuilder
  let type: String

  @discardableResult
  package func dynamicallyCall(
    withKeywordArguments inputs: KeyValuePairs<String, Value?>
  ) throws -> Value {
    let results = try builder.emit(type, inputs: inputs.map { ($0.key, $0.value) })
    guard let first = results.first else {
      throw builder.internalFault("'\(type)' has no result")
    }
    return first
  }
}
