// SPDX-License-Identifier: Apache-2.0
package import Diagnostics
package import Tensors

/// An operation seen with what is known of its operands: what constraints and result types read.
package struct OpContext {
  package let operation: Operation
  package let values: ValueTable
  package let spec: OpSpec
  package let signature: Signature
  package let opset: Opset
  private let scope: SymbolScope

  package init(
    _ operation: Operation, spec: OpSpec, signature: Signature, opset: Opset, values: ValueTable,
    scope: SymbolScope
  ) {
    self.operation = operation
    self.values = values
    self.spec = spec
    self.signature = signature
    self.opset = opset
    self.scope = scope
  }

  package var location: Location {
    operation.location
  }

  /// An extent that nothing is known of until the program runs.
  package func freshDim(lower: Int = 0, upper: Int? = nil) -> Dim {
    scope.symbols.fresh(.init(lower: lower, upper: upper))
  }

  package func bounds(_ dim: Dim) -> (lower: Int?, upper: Int?) { scope.symbols.bounds(dim) }

  package func has(_ name: String) -> Bool { !operation.arguments(name).isEmpty }

  private func info(_ argument: Argument) -> ValueInfo {
    switch argument {
    case .value(let id): values[id]
    case .literal(let constant): ValueInfo(name: "", type: constant.type, constant: constant)
    }
  }

  /// The types of all arguments of a variadic operand.
  package func types(of name: String) -> [ValueType] {
    operation.arguments(name).map { info($0).type }
  }

  /// The constants that the arguments of a variadic operand are bound to; `nil` for those computed
  /// at run time.
  package func constants(of name: String) -> [Constant?] {
    operation.arguments(name).map { info($0).constant }
  }

  package func tensorTypes(of name: String) throws -> [TensorType] {
    try types(of: name).map { type in
      guard let tensor = type.tensor else {
        throw fault("'\(name)' must hold tensors, not \(type)")
      }
      return tensor
    }
  }

  package func valueType(of name: String) throws -> ValueType {
    guard let argument = operation.argument(name) else { throw fault("'\(name)' is missing") }
    return info(argument).type
  }

  /// The tensor type of an operand that is present.
  package func type(of name: String) throws -> TensorType {
    let type = try valueType(of: name)
    guard let tensor = type.tensor else { throw fault("'\(name)' must be a tensor, not \(type)") }
    return tensor
  }

  package func shape(_ name: String) throws -> [Dim] { try type(of: name).shape }
  package func rank(_ name: String) throws -> Int { try type(of: name).rank }
  package func dtype(_ name: String) throws -> DType { try type(of: name).dtype }

  /// The constant an operand is bound to; `nil` when absent or computed at run time.
  package func constant(_ name: String) -> Constant? {
    operation.argument(name).flatMap { info($0).constant }
  }

  private func literal(_ name: String) -> Literal? { signature.operand(name)?.defaultValue }

  private func data(_ name: String) throws -> TensorData? {
    try constant(name)?.smallTensor(limit: 1 << 20)
  }

  /// The integers of a constant operand, or its default.
  package func ints(_ name: String) throws -> [Int] {
    guard let ints = try intsIfKnown(name) else {
      throw fault("'\(name)' must be a constant")
    }
    return ints
  }

  package func intsIfKnown(_ name: String) throws -> [Int]? {
    if has(name) { return try data(name)?.ints }
    switch literal(name) {
    case .ints(let values): return values
    case .int(let value): return [value]
    default: return nil
    }
  }

  package func int(_ name: String) throws -> Int {
    let values = try ints(name)
    guard values.count == 1 else {
      throw fault("'\(name)' must be one integer, not \(values.count)")
    }
    return values[0]
  }

  package func bools(_ name: String) throws -> [Bool]? {
    try data(name)?.bools
  }

  package func bool(_ name: String) throws -> Bool {
    if let value = try data(name)?.bools.first { return value }
    if case .bool(let value) = literal(name) { return value }
    throw fault("'\(name)' must be a constant")
  }

  package func float(_ name: String) throws -> Double {
    if let value = try data(name)?.doubles.first { return value }
    switch literal(name) {
    case .float(let value): return value
    case .int(let value): return Double(value)
    default: throw fault("'\(name)' must be a constant")
    }
  }

  package func floats(_ name: String) throws -> [Double]? { try data(name)?.doubles }

  package func string(_ name: String) throws -> String {
    if let value = constant(name)?.string { return value }
    if case .string(let value) = literal(name), !has(name) { return value }
    throw fault("'\(name)' must be a constant string")
  }

  /// The elements of an integer operand as expressions, where they are known.
  package func dims(_ name: String) throws -> [Dim]? {
    guard let argument = operation.argument(name) else {
      return try intsIfKnown(name)?.map { .fixed($0) }
    }
    if let dims = info(argument).dims { return dims }
    return try data(name)?.ints.map { .fixed($0) }
  }

  /// An axis operand as a number in `0..<rank`. Throws when it lies outside.
  package func axis(_ name: String, rank: Int) throws -> Int {
    try normalized(int(name), name, rank: rank)
  }

  /// Axes as sorted numbers in `0..<rank`; every axis when the operand is absent.
  package func axes(_ name: String, rank: Int) throws -> [Int] {
    guard has(name) || literal(name) != nil else { return Array(0..<rank) }
    return try ints(name).map { try normalized($0, name, rank: rank) }.sorted()
  }

  package func normalized(_ axis: Int, _ name: String, rank: Int) throws -> Int {
    guard axis >= -rank, axis < rank else {
      throw fault(
        "'\(name)' is \(axis) but the operand has rank \(rank)",
        fix: rank == 0 ? nil : "use a value in \(-rank)...\(rank - 1)")
    }
    return axis < 0 ? axis + rank : axis
  }

  /// A diagnostic about this operation.
  package func fault(
    _ message: String, _ code: Diagnostic.Code = .constraint, fix: String? = nil
  ) -> Diagnostic {
    .error(code, at: location, "\(operation.type): \(message)", fix: fix)
  }
}

/// The symbols of the function being built, shared by the views of its operations.
package final class SymbolScope {
  package var symbols: SymbolTable

  package init(_ symbols: SymbolTable = SymbolTable()) {
    self.symbols = symbols
  }
}
