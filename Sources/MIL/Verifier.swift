// SPDX-License-Identifier: Apache-2.0
package import Diagnostics

extension Program {
  /// Everything that is wrong with the program; empty when it is sound.
  ///
  /// See `Function.verify`. Function names must be legal and differ.
  package func verify(catalogue: Catalogue = .standard) -> [Diagnostic] {
    var collector = DiagnosticCollector()
    if functions.isEmpty {
      collector.report(.error(.invalidProgram, "the program has no functions"))
    }
    var names: Set<String> = []
    for function in functions {
      if !Identifier.isLegal(function.name) {
        collector.report(
          .error(.invalidProgram, "the function name '\(function.name)' is not an identifier"))
      }
      if !names.insert(function.name).inserted {
        collector.report(
          .error(.invalidProgram, "two functions have the name '\(function.name)'"))
      }
      for diagnostic in function.verify(catalogue: catalogue) {
        collector.report(
          functions.count > 1 ? diagnostic.noting("in function '\(function.name)'") : diagnostic)
      }
    }
    return collector.diagnostics
  }
}

extension Function {
  /// Everything that is wrong with the function; empty when it is sound.
  ///
  /// Checked: each value is defined once and before its uses, in the same or an enclosing block
  /// (so there are no cycles); value names are legal identifiers and differ where both are visible; operations are known;
  /// operands satisfy the signature in the function's opset and the constraints; the types that
  /// results are declared to have admit the inferred ones; states are inputs and used as such;
  /// results of blocks are defined in them.
  package func verify(catalogue: Catalogue = .standard) -> [Diagnostic] {
    var verifier = Verifier(self, catalogue)
    verifier.verify()
    return verifier.diagnostics
  }
}

extension Diagnostic {
  fileprivate func noting(_ note: String) -> Diagnostic {
    var copy = self
    copy.notes.append(note)
    return copy
  }
}

/// One walk over a function, gathering what is wrong.
struct Verifier {
  private let function: Function
  private let catalogue: Catalogue
  private let scope: SymbolScope
  private var values: ValueTable
  private var visibility: [Visibility]
  /// Of what is visible: the blocks of a `while_loop` have arguments of the same names.
  private var names: Set<String> = []
  private(set) var diagnostics: [Diagnostic] = []

  private enum Visibility { case undefined, visible, closed }

  init(_ function: Function, _ catalogue: Catalogue) {
    self.function = function
    self.catalogue = catalogue
    scope = SymbolScope(function.symbols)
    values = function.values
    values.markConstantExpressions(in: function.body)
    visibility = Array(repeating: .undefined, count: values.count)
  }

  mutating func verify() {
    for id in function.inputs { define(id, at: nil, allowingState: true) }
    verify(function.body, in: function.opset, at: nil)
    for (identifier, block) in function.specializations.sorted(by: { $0.key < $1.key }) {
      guard let opset = Opset(identifier: identifier) else {
        report("a body for the unknown opset '\(identifier)'", .unsupportedByTarget, at: nil)
        continue
      }
      values.markConstantExpressions(in: block)
      verify(block, in: opset, at: nil)
    }
  }

  // MARK: Values

  private mutating func verify(_ block: Block, in opset: Opset, at location: Location?) {
    var opened: [ValueID] = []
    for id in block.inputs where define(id, at: location) { opened.append(id) }
    for operation in block.operations { opened += verify(operation, in: opset) }
    for id in block.outputs { use(id, as: "a result of the block", at: location) }
    for id in opened {
      visibility[id.index] = .closed
      names.remove(values[id].name)
    }
  }

  /// Gives the values that the operation defines.
  private mutating func verify(_ operation: Operation, in opset: Opset) -> [ValueID] {
    let location = operation.location
    var sound = true
    for input in operation.inputs {
      for id in input.arguments.compactMap(\.value) {
        if !use(id, as: "'\(input.name)'", at: location) { sound = false }
      }
    }
    for block in operation.blocks {
      verify(block, in: opset, at: location)
      let ids = block.inputs + block.outputs
      if !ids.allSatisfy(values.contains) { sound = false }
    }
    if !operation.outputs.allSatisfy(values.contains) { sound = false }
    if sound { verifyTypes(operation, in: opset) }
    return operation.outputs.filter { define($0, at: location) }
  }

  @discardableResult
  private mutating func define(
    _ id: ValueID, at location: Location?, allowingState: Bool = false
  ) -> Bool {
    guard values.contains(id) else {
      report("defines value \(id.index), which the function does not list", at: location)
      return false
    }
    let name = values[id].name
    guard visibility[id.index] == .undefined else {
      report("defines '\(name)', which is defined already", at: location)
      return false
    }
    visibility[id.index] = .visible
    if !Identifier.isLegal(name) {
      report("the name '\(name)' is not an identifier", at: location)
    }
    if !names.insert(name).inserted { report("two values have the name '\(name)'", at: location) }
    if !allowingState, values[id].type.state != nil {
      report("'\(name)' is a state but not an input of the function", at: location)
    }
    return true
  }

  @discardableResult
  private mutating func use(_ id: ValueID, as role: String, at location: Location?) -> Bool {
    guard values.contains(id) else {
      report("\(role) is value \(id.index), which the function does not list", at: location)
      return false
    }
    switch visibility[id.index] {
    case .visible: break
    case .undefined:
      report("\(role) is '\(values[id].name)', which is not defined before it", at: location)
    case .closed:
      report("\(role) is '\(values[id].name)', which is local to another block", at: location)
    }
    return true
  }

  // MARK: Types

  private mutating func verifyTypes(_ operation: Operation, in opset: Opset) {
    if operation.type == "const" { return verifyConst(operation) }
    guard let (context, faults) = context(operation, in: opset) else { return }
    diagnostics += faults
    guard faults.isEmpty else { return }
    do {
      let types = try context.checkedResults()
      verifyResults(operation, types)
      guard let dims = try context.resultDims(), let id = operation.outputs.first else { return }
      if values[id].dims == nil { values[id].dims = dims }
    } catch {
      report(error, at: operation.location)
    }
  }

  /// The operation seen with its operands, and what its signature has against them; `nil` (and a
  /// report) where the opset has no such operation.
  private mutating func context(
    _ operation: Operation, in opset: Opset
  ) -> (OpContext, faults: [Diagnostic])? {
    guard let spec = catalogue[operation.type] else {
      report(
        "'\(operation.type)' is no operation of MIL", .unsupportedOperation, at: operation.location)
      return nil
    }
    guard let signature = spec.signature(in: opset) else {
      report(
        "'\(operation.type)' is no operation of \(opset)", .unsupportedByTarget,
        at: operation.location)
      return nil
    }
    let context = OpContext(
      operation.bindingAttributes(of: signature), spec: spec, signature: signature, opset: opset,
      values: values, scope: scope)
    return (context, context.signatureFaults() + stateFaults(context))
  }

  /// States bound to operands that are not for states.
  private func stateFaults(_ context: OpContext) -> [Diagnostic] {
    context.operation.inputs.flatMap { input -> [Diagnostic] in
      guard let operand = context.signature.operand(input.name), operand.kind == .variadic,
        context.types(of: input.name).contains(where: { $0.state != nil })
      else { return [] }
      return [context.fault("'\(input.name)' holds a state", .typeMismatch)]
    }
  }

  private mutating func verifyResults(_ operation: Operation, _ types: [ValueType]) {
    guard types.count == operation.outputs.count else {
      report(
        "\(operation.type): has \(operation.outputs.count) results, not \(types.count)",
        at: operation.location)
      return
    }
    for (id, type) in zip(operation.outputs, types) where !values[id].type.admits(type) {
      report(
        "\(operation.type): '\(values[id].name)' is declared \(values[id].type) but is \(type)",
        .typeMismatch, at: operation.location)
    }
  }

  private mutating func verifyConst(_ operation: Operation) {
    guard operation.outputs.count == 1, operation.inputs.isEmpty else {
      return report("const: must have one result and no operands", at: operation.location)
    }
    let info = values[operation.outputs[0]]
    guard let constant = info.constant else {
      return report("const: '\(info.name)' has no value", at: operation.location)
    }
    if !info.type.admits(constant.type) {
      report(
        "const: '\(info.name)' is declared \(info.type) but is \(constant.type)", .typeMismatch,
        at: operation.location)
    }
  }

  // MARK: Reports

  private mutating func report(
    _ message: String, _ code: Diagnostic.Code = .invalidProgram, at location: Location?
  ) {
    diagnostics.append(.error(code, at: location, message))
  }

  private mutating func report(_ error: any Error, at location: Location) {
    var collector = DiagnosticCollector()
    collector.catching(at: location) { throw error }
    diagnostics += collector.diagnostics
  }
}

extension Operation {
  /// Where the operation comes from, or else what it is called.
  package var location: Location { origin ?? Location(operation: type, node: name) }
}
