// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import MIL
import Tensors

/// Computes in float16 what `PrecisionPlan` does not keep in float32.
///
///     %y: float32[4] = exp(x: %x)     %x16 = cast(x: %x, dtype: "float16")
///     return %y                       %y16: float16[4] = exp(x: %x16)
///                                     %y = cast(x: %y16, dtype: "float32")
///
/// Inputs and outputs keep their dtype. Constants become recipes: masks made of float32's minimum
/// and epsilons below float16's smallest number keep their meaning (`HalfSource`).
package struct ConvertToFloat16: Pass {
  package static let id = "convert-to-float16"

  package init() {}

  package func run(on function: inout Function, _ context: inout PassContext) throws {
    var rewriter = PrecisionRewriter(function, PrecisionPlan(function, context.catalogue))
    function = try rewriter.rewritten()
  }
}

private struct PrecisionRewriter {
  private var function: Function
  private let plan: PrecisionPlan
  /// The other precision of a value, once made, per block depth.
  private var casts: [[ValueID: ValueID]] = [[:]]
  /// Values that turned out to be another one.
  private var aliases: [ValueID: ValueID] = [:]
  private var emitted: [Operation] = []

  init(_ function: Function, _ plan: PrecisionPlan) {
    self.function = function
    self.plan = plan
  }

  mutating func rewritten() throws -> Function {
    let outputs = Set(function.body.outputs)
    emitted = []
    for operation in function.body.operations { try rewrite(operation, outputs) }
    function.body.operations = emitted
    function.body.outputs = function.body.outputs.map { aliases[$0] ?? $0 }
    return function
  }

  private mutating func rewrite(_ operation: Operation, _ results: Set<ValueID>) throws {
    var operation = operation
    operation.resolve(aliases)
    if operation.type == "const" { return emitted.append(operation) }
    if operation.type == "identity" || operation.type == "cast",
      try settled(operation, isResult: operation.outputs.contains(where: results.contains))
    {
      return
    }
    let single = plan.isSingle(operation)
    let wanted: DType = single ? .float32 : .float16
    if !operation.blocks.isEmpty {
      for index in operation.blocks.indices { try rewriteNested(&operation.blocks[index]) }
    }
    try convertOperands(&operation, to: wanted)
    if !single {
      for id in operation.outputs { retype(id, .float32, .float16) }
    }
    emitted.append(operation)
  }

  /// Casts and identities are settled by the precision their operand has now. Whether one was.
  private mutating func settled(_ operation: Operation, isResult: Bool) throws -> Bool {
    guard let x = operation.argument("x")?.value, let y = operation.outputs.first,
      let from = dtype(x), let to = dtype(y)
    else { return false }
    let isFloat = from.isFloat && to.isFloat
    if isResult {
      // A result of the function keeps its dtype.
      guard isFloat || from == to else { return false }
      emitted.append(
        from == to ? identity(operation) : cast(operation, of: x, to: to))
      return true
    }
    if isFloat, !plan.isSingle(operation) {
      // Between float precisions there is nothing left to do.
      aliases[y] = try converted(x, to: from == .float32 && isFunctionInput(x) ? .float16 : from)
      return true
    }
    if operation.type == "cast", to == .float32, !from.isFloat, !plan.isSingle(operation) {
      retype(y, .float32, .float16)
      emitted.append(cast(operation, of: x, to: .float16))
      return true
    }
    return false
  }

  private func isFunctionInput(_ id: ValueID) -> Bool { function.inputs.contains(id) }

  private mutating func identity(_ operation: Operation) -> Operation {
    var copy = operation
    copy.type = "identity"
    copy.inputs = operation.inputs.filter { $0.name == "x" }
    return copy
  }

  private mutating func cast(_ operation: Operation, of x: ValueID, to dtype: DType) -> Operation {
    var cast = operation
    cast.type = "cast"
    let name = addString(dtype.milName ?? dtype.rawValue, near: operation)
    cast.inputs = [.init("x", [.value(x)]), .init("dtype", [.value(name)])]
    return cast
  }

  private mutating func rewriteNested(_ block: inout Block) throws {
    let outer = emitted
    casts.append([:])
    emitted = []
    for operation in block.operations {
      var operation = operation
      operation.resolve(aliases)
      for index in operation.blocks.indices { try rewriteNested(&operation.blocks[index]) }
      if operation.type != "const" { try convertOperands(&operation, to: .float32) }
      emitted.append(operation)
    }
    block.outputs = try block.outputs.map { try converted(aliases[$0] ?? $0, to: .float32) }
    block.operations = emitted
    casts.removeLast()
    emitted = outer
  }

  // MARK: Operands

  private mutating func convertOperands(_ operation: inout Operation, to wanted: DType) throws {
    for index in operation.inputs.indices {
      for k in operation.inputs[index].arguments.indices {
        guard case .value(let id) = operation.inputs[index].arguments[k] else { continue }
        guard needsConversion(operation, operation.inputs[index].name, id, wanted) else { continue }
        let id16 = try converted(id, to: wanted, for: operation)
        operation.inputs[index].arguments[k] = .value(id16)
      }
    }
  }

  private func needsConversion(
    _ operation: Operation, _ operand: String, _ id: ValueID, _ wanted: DType
  ) -> Bool {
    // A state holds float16 whatever the program computes in.
    if operation.type == "write_state" {
      return dtype(id) != .float16 && dtype(id)?.isFloat == true
    }
    guard let dtype = dtype(id), dtype == .float32 || dtype == .float16, dtype != wanted else {
      return false
    }
    // Operands that are float32 whatever the tensor is (scale factors of resizing).
    if wanted == .float16,
      let signature = Catalogue.standard[operation.type]?.signature(in: function.opset),
      let spec = signature.operand(operand), spec.kind == .tensor
    {
      if case .any = spec.types { return true }
      return signature.dtypes(of: spec).contains(.float16)
    }
    return true
  }

  /// `id` in `dtype`: itself, a constant converted, or a cast made once.
  private mutating func converted(
    _ id: ValueID, to wanted: DType, for operation: Operation? = nil
  ) throws -> ValueID {
    let wanted = operation?.type == "write_state" ? .float16 : wanted
    guard let from = dtype(id), from != wanted else { return id }
    if let constant = function.values[id].constant, let source = constant.source {
      return try constantCopy(id, constant, source, to: wanted, for: operation)
    }
    for level in casts {
      if let made = level[id] { return made }
    }
    let suffix = wanted == .float16 ? "_to_fp16" : "_to_fp32"
    guard let type = function.values[id].type.tensor else { return id }
    let copy = function.values.add(
      ValueInfo(
        name: function.values[id].name + suffix, type: .tensor(TensorType(wanted, type.shape))))
    var cast = Operation("cast", name: function.values[copy].name, origin: operation?.origin)
    let name = addString(wanted.milName ?? wanted.rawValue, near: operation ?? cast)
    cast.inputs = [.init("x", [.value(id)]), .init("dtype", [.value(name)])]
    cast.outputs = [copy]
    emitted.append(cast)
    casts[casts.count - 1][id] = copy
    return copy
  }

  private var constants: [String: ValueID] = [:]

  private mutating func constantCopy(
    _ id: ValueID, _ constant: Constant, _ source: any WeightSource, to wanted: DType,
    for operation: Operation?
  ) throws -> ValueID {
    let name = function.values[id].name
    let limits = limits(for: operation)
    let key = "\(id.index) \(wanted) \(limits)"
    if casts.count == 1, let made = constants[key] { return made }
    let converted: any WeightSource =
      wanted == .float16 && source.dtype == .float32
      ? try half(source, name, limits, operation?.origin) : try CastSource.cast(source, to: wanted)
    let isInline = if case .tensor = constant.payload { true } else { false }
    let payload = isInline ? Constant(try converted.materialized()) : Constant(converted)
    let suffix = wanted == .float16 ? "_to_fp16" : "_to_fp32"
    let copy = function.values.add(
      ValueInfo(name: name + suffix, type: payload.type, constant: payload))
    var const = Operation("const", name: function.values[copy].name, origin: operation?.origin)
    const.outputs = [copy]
    emitted.append(const)
    if casts.count == 1 { constants[key] = copy }
    return copy
  }

  /// Weights that were stored in 16 bits need no second thought.
  private func half(
    _ source: any WeightSource, _ name: String, _ limits: HalfSource.Limits, _ origin: Location?
  ) throws -> any WeightSource {
    let direct = try CastSource.cast(source, to: .float16)
    if direct.dtype == .float16, !(direct is CastSource) { return direct }
    return HalfSource(source, name: name, limits: limits, location: origin)
  }

  /// How constants at the edge of the range are meant, by what uses them.
  private func limits(for operation: Operation?) -> HalfSource.Limits {
    switch operation?.type {
    case "maximum", "minimum", "clip":
      .init(mask: HalfPrecision.largest, sentinel: HalfPrecision.largest, keepsNonzero: true)
    case "mul", "real_div", "matmul", "linear", "conv", "conv_transpose", "gather":
      .init(mask: HalfPrecision.mask, sentinel: HalfPrecision.sentinelFactor, keepsNonzero: false)
    default:
      .init(mask: HalfPrecision.mask, sentinel: HalfPrecision.sentinel, keepsNonzero: true)
    }
  }

  // MARK: Values

  private func dtype(_ id: ValueID) -> DType? { function.values[id].type.tensor?.dtype }

  private mutating func retype(_ id: ValueID, _ from: DType, _ to: DType) {
    guard var type = function.values[id].type.tensor, type.dtype == from else { return }
    type.dtype = to
    function.values[id].type = .tensor(type)
  }

  private var strings: [String: ValueID] = [:]

  private mutating func addString(_ text: String, near operation: Operation) -> ValueID {
    if casts.count == 1, let made = strings[text] { return made }
    let constant = Constant(string: text)
    let id = function.values.add(
      ValueInfo(name: "dtype", type: constant.type, constant: constant))
    var const = Operation("const", name: function.values[id].name, origin: operation.origin)
    const.outputs = [id]
    emitted.append(const)
    if casts.count == 1 { strings[text] = id }
    return id
  }
}

extension Operation {
  /// Operands replaced by what they turned out to be.
  fileprivate mutating func resolve(_ aliases: [ValueID: ValueID]) {
    if aliases.isEmpty { return }
    for index in inputs.indices {
      for k in inputs[index].arguments.indices {
        if case .value(let id) = inputs[index].arguments[k], let other = aliases[id] {
          inputs[index].arguments[k] = .value(other)
        }
      }
    }
  }
}
