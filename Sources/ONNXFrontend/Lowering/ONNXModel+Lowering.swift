// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import MIL
import Tensors

/// What a caller may say of a conversion from ONNX.
package struct ONNXLoweringOptions: Sendable {
  package var functionName = "main"
  /// Shapes of inputs, by their names in the model, in place of what the model declares.
  package var inputShapes: [String: [ONNXExtent]] = [:]

  package init() {}
}

/// One extent of an input, as a caller gives it.
package enum ONNXExtent: Hashable, Sendable {
  case fixed(Int)
  /// `nil` where there is no upper bound.
  case range(Int, Int?)
  /// The first value is the default.
  case enumerated([Int])
}

extension ONNXModel {
  /// The model in MIL, computing in `float32` what the model does. Inputs and outputs keep their
  /// names; 64-bit integers and bools are `int32`, `double` and `bfloat16` are `float32`.
  ///
  /// Throws a `DiagnosticList` of everything that cannot be expressed.
  package func lower(
    opset: Opset, options: ONNXLoweringOptions = ONNXLoweringOptions()
  ) throws -> Program {
    do {
      let build = FunctionBuilder(name: options.functionName, opset: opset)
      let lowering = GraphLowering(build, model: self)
      let function = try lowering.function(options)
      return Program(functions: [function])
    } catch let diagnostic as Diagnostic {
      throw DiagnosticList([diagnostic.inFile(path)])
    } catch let list as DiagnosticList {
      throw DiagnosticList(list.diagnostics.map { $0.inFile(path) })
    }
  }
}

extension GraphLowering {
  fileprivate func function(_ options: ONNXLoweringOptions) throws -> Function {
    reserved = Set(model.outputs.map { Identifier.sanitized($0.name) })
    return try inFrame(Frame(seesOuter: false, opsets: model.opsets)) {
      try Interface(self, options).declareInputs()
      run(model.graph)
      let outputs = model.outputs.compactMap { output in
        diagnostics.catching(at: Location(node: output.name)) { try result(output) }
      }
      try diagnostics.throwIfErrors()
      return try build.finish(outputs: outputs.compactMap { $0 })
    }
  }

  /// An output in a type that Core ML has at its interface; `nil` where its node has failed.
  private func result(_ output: ONNXValueInfo) throws -> (name: String, value: Value)? {
    let source = try lookup(output.name)
    if source.isPoisoned { return nil }
    let name = Identifier.sanitized(output.name)
    var value: Value
    switch source.content {
    case .value(let tensor): value = tensor
    case .known(let known): value = try place(known, source.dtype)
    case .weight(let weight, let label, let stored):
      try checkRange(stored, label)
      value = .constant(Constant(weight))
    default:
      throw Diagnostic.error(
        .unsupportedType, "output '\(output.name)' is not a tensor",
        fix: "give the tensors of a sequence as outputs of their own")
    }
    if try build.dtype(of: value) == .bool {
      value = try build.mil.cast(x: value, dtype: "int32")
    }
    return (name, value)
  }

  private func place(_ known: Known, _ dtype: DType) throws -> Value {
    if let dims = known.dims, known.ints == nil {
      return known.rank == 0 ? .dim(dims[0]) : try build.reshape(.dims(dims), known.shape)
    }
    guard let running = dtype.runtime, let data = known.data(as: running) else {
      throw Diagnostic.error(.notRepresentable, "a constant output does not fit int32")
    }
    return .constant(Constant(data))
  }
}
