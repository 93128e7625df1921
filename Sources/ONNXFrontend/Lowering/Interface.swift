// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// Declares the inputs of the function: their shapes and dtypes as Core ML can have them.
struct Interface {
  private let lowering: GraphLowering
  private let options: ONNXLoweringOptions
  private var build: FunctionBuilder { lowering.build }

  init(_ lowering: GraphLowering, _ options: ONNXLoweringOptions) {
    self.lowering = lowering
    self.options = options
  }

  func declareInputs() throws {
    let inputs = lowering.model.inputs
    let names = Set(inputs.map(\.name))
    for name in options.inputShapes.keys.sorted() where !names.contains(name) {
      throw Diagnostic.error(
        .usage, "the model has no input '\(name)'",
        fix: "inputs are \(inputs.map(\.name).joined(separator: ", "))")
    }
    var named: [String: Dim] = [:]
    try overrideNames(inputs, &named)
    for input in inputs {
      let declared: Void? = lowering.diagnostics.catching(at: Location(node: input.name)) {
        try declare(input, &named)
      }
      if declared == nil { lowering.define(input.name, .poisoned) }
    }
  }

  /// A shape that the caller gives an input decides its named extents everywhere.
  private func overrideNames(_ inputs: [ONNXValueInfo], _ named: inout [String: Dim]) throws {
    for input in inputs {
      guard let extents = options.inputShapes[input.name],
        case .tensor(_, let shape?) = input.type, shape.count == extents.count
      else { continue }
      for (dim, extent) in zip(shape, extents) {
        guard case .named(let name) = dim else { continue }
        let given = symbol(name, extent)
        guard named[name] == nil || named[name] == given else {
          throw Diagnostic.error(
            .usage, "extent '\(name)' of input '\(input.name)' is given twice, and differently")
        }
        named[name] = given
      }
    }
  }

  private func symbol(_ name: String, _ extent: ONNXExtent) -> Dim {
    switch extent {
    case .fixed(let value): return .fixed(value)
    case .range(let low, let high):
      build.symbols[name] = .init(lower: low, upper: high, example: max(low, 1))
    case .enumerated(let values):
      build.symbols[name] = .init(
        lower: values.min() ?? 1, upper: values.max(), example: values.first, allowed: values)
    }
    return .symbol(name)
  }

  private func declare(_ input: ONNXValueInfo, _ named: inout [String: Dim]) throws {
    guard case .tensor(let element, let declared) = input.type else {
      throw Diagnostic.error(
        .unsupportedType, "input '\(input.name)' is not a tensor",
        fix: "give the tensors of a sequence as inputs of their own")
    }
    guard let dtype = element.dtype, let running = dtype.runtime else {
      throw Diagnostic.error(
        .unsupportedType, "input '\(input.name)' is of type \(element.name), which Core ML lacks")
    }
    let shape = try shape(of: input, declared, &named)
    // Core ML's interface has neither bools nor tensors without axes.
    let type = ValueType.tensor(running == .bool ? .int32 : running, shape.isEmpty ? [1] : shape)
    var value = build.input(Identifier.sanitized(input.name), type)
    if shape.isEmpty { value = try build.mil.squeeze(x: value, axes: [0]) }
    if running == .bool { value = try build.mil.cast(x: value, dtype: "bool") }
    lowering.define(input.name, ONNXValue(value, dtype))
  }

  private func shape(
    of input: ONNXValueInfo, _ declared: [ONNXDim]?, _ named: inout [String: Dim]
  ) throws -> [Dim] {
    if let extents = options.inputShapes[input.name] {
      return try given(extents, for: input, declared, named)
    }
    guard let declared else {
      throw Diagnostic.error(
        .unsupportedArgument, "input '\(input.name)' has no shape in the model",
        fix: "give it one: --input \(input.name)=SHAPE")
    }
    return declared.map { dim in
      switch dim {
      case .fixed(let value): return .fixed(value)
      case .unknown: return build.symbols.fresh(Self.dynamic)
      case .named(let name):
        if let known = named[name] { return known }
        let symbol = Dim.symbol(name)
        build.symbols[name] = Self.dynamic
        named[name] = symbol
        return symbol
      }
    }
  }

  private static let dynamic = SymbolTable.Entry(lower: 1, upper: nil, example: 1)

  private func given(
    _ extents: [ONNXExtent], for input: ONNXValueInfo, _ declared: [ONNXDim]?,
    _ named: [String: Dim]
  ) throws -> [Dim] {
    if let declared, declared.count != extents.count {
      throw Diagnostic.error(
        .usage,
        "input '\(input.name)' has \(declared.count) axes; the shape given has \(extents.count)")
    }
    return try extents.enumerated().map { axis, extent in
      switch declared?[axis] {
      case .fixed(let value) where extent != .fixed(value):
        throw Diagnostic.error(
          .usage,
          "axis \(axis) of input '\(input.name)' is \(value) in the model and cannot change",
          fix: "export the model with a dynamic axis")
      case .named(let name): return named[name] ?? symbol(name, extent)
      default: break
      }
      if case .fixed(let value) = extent { return .fixed(value) }
      guard let name = build.symbols.fresh().symbol else { return .fixed(1) }
      return symbol(name, extent)
    }
  }
}
