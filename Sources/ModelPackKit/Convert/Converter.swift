// SPDX-License-Identifier: Apache-2.0
package import CoreMLPackage
package import Diagnostics
import MIL
import ONNXFrontend
import Passes
import ReferenceExecutor
import Tensors
import TorchFrontend

/// The conversion pipeline: source, lowering, passes, quantization, package, target check.
package struct Converter {
  private let request: ConversionRequest
  private let target: DeploymentTarget
  private let warn: (Diagnostic) -> Void

  /// Throws `.usage` for a request that makes no sense.
  package init(
    _ request: ConversionRequest, warn: @escaping (Diagnostic) -> Void = { _ in }
  ) throws {
    self.request = request
    target = try DeploymentTarget(parsing: request.target)
    self.warn = warn
  }

  /// The package, not yet written: its weights are recipes over the source.
  package func package() throws -> (package: ModelPackage, quantization: QuantizationSummary?) {
    var program = try lowered()
    try optimize(&program)
    try rename(&program)
    boundInputs(&program)
    let summary = try quantize(&program)
    var package = try ModelPackage(
      program: program, specificationVersion: target.specificationVersion, metadata: metadata)
    package.description.metadata = metadata
    try check(package)
    return (package, summary)
  }

  // MARK: Source

  /// The source in MIL, at source precision.
  private func lowered() throws -> Program {
    switch try SourceKind(request.source) {
    case .torch:
      let source = try TorchProgram(path: request.source)
      return try source.lower(torchOptions(source), warn: warn)
    case .onnx:
      let source = try ONNXModel(path: request.source)
      return try source.lower(opset: target.opset, options: onnxOptions())
    }
  }

  private func torchOptions(_ source: TorchProgram) throws -> TorchOptions {
    var options = TorchOptions(opset: target.opset)
    switch request.states {
    case .all: options.states = .all
    case .none: options.states = .none
    case .named(let names):
      let known = source.mutatedBuffers
      for name in names where !known.contains(name) {
        throw Diagnostic.error(
          .usage, at: Location(file: request.source), "changes no buffer '\(name)'",
          notes: known.isEmpty ? [] : ["it changes: " + known.joined(separator: ", ")])
      }
      options.states = .named(Set(names))
    }
    for (name, shape) in request.inputs {
      options.shapes[name] = shape.extents.enumerated().map { axis, extent in
        let symbol = "\(name)_\(axis)"
        switch extent {
        case .fixed(let size): return .fixed(size)
        case .range(let low, let high):
          options.symbols[symbol] = .init(lower: low, upper: high)
        case .set(let sizes):
          options.symbols[symbol] = .init(
            lower: sizes.min() ?? 1, upper: sizes.max(), example: sizes.first, allowed: sizes)
        }
        return .symbol(symbol)
      }
    }
    return options
  }

  private func onnxOptions() -> ONNXLoweringOptions {
    var options = ONNXLoweringOptions()
    options.inputShapes = request.inputs.mapValues { shape in
      shape.extents.map { extent in
        switch extent {
        case .fixed(let size): .fixed(size)
        case .range(let low, let high): .range(low, high)
        case .set(let sizes): .enumerated(sizes)
        }
      }
    }
    return options
  }

  // MARK: Passes

  private func optimize(_ program: inout Program) throws {
    var context = PassContext(evaluate: ConstantEvaluation.evaluate)
    var passes: [any Pass] = [FoldConstants(), RemoveDeadCode(), interfaceTypes()]
    if request.precision == .float16 { passes.append(ConvertToFloat16()) }
    passes.append(RemoveDeadCode())
    do {
      try PassPipeline(passes).run(on: &program, &context)
    } catch let fault as Diagnostic {
      throw fault.inFile(request.source)
    }
    context.diagnostics.warnings.forEach(warn)
  }

  private func interfaceTypes() -> SetInterfaceTypes {
    var floats: DType? = request.interfacePrecision.map { $0 == .float16 ? .float16 : .float32 }
    // Before iOS 16 Core ML takes float32 only.
    if target.opset < .iOS16, floats == nil { floats = .float32 }
    let named = request.inputs.compactMapValues { $0.elementType?.dtype }
    return SetInterfaceTypes(floats: floats, named: named)
  }

  private func rename(_ program: inout Program) throws {
    for index in program.functions.indices {
      let function = program.functions[index]
      let features = function.inputs + function.body.outputs
      for (old, new) in request.renames.sorted(by: { $0.key < $1.key }) {
        guard Identifier.isValid(new) else {
          throw Diagnostic.error(
            .usage, "'\(new)' is not a name that Core ML takes",
            fix: "use letters, digits and '_', not starting with a digit")
        }
        let found =
          features.first { function.values[$0].name == old }
          ?? features.first { Identifier.isSpelling(function.values[$0].name, of: old) }
          ?? features.first { Identifier.feature(function.values[$0].name) == old }
        guard let id = found else {
          throw Diagnostic.error(
            .usage, at: Location(file: request.source), "has no input, output or state '\(old)'",
            notes: ["it has: " + features.map { function.values[$0].name }.joined(separator: ", ")])
        }
        if features.contains(where: { $0 != id && function.values[$0].name == new }) {
          throw Diagnostic.error(.usage, "two features would be named '\(new)'")
        }
        program.functions[index].values.rename(id, to: new)
      }
      let names = features.map { program.functions[index].values[$0].name }
      for name in Set(names).sorted() where Identifier.isWorkaround(name) {
        warn(.reserved(name, request.source))
      }
    }
  }

  /// Core ML needs a largest size for every flexible dimension; sources often have none.
  private func boundInputs(_ program: inout Program) {
    for index in program.functions.indices {
      let function = program.functions[index]
      for id in function.inputs {
        let info = function.values[id]
        for (axis, dim) in (info.type.tensor?.shape ?? []).enumerated() {
          guard let symbol = dim.symbol, var entry = program.functions[index].symbols[symbol],
            entry.upper == nil
          else { continue }
          entry.upper = max(Self.assumedBound, entry.lower, entry.example ?? 0)
          program.functions[index].symbols[symbol] = entry
          warn(.assumed(entry, axis, symbol, info, request.source))
        }
      }
    }
  }

  /// The largest size of a dimension of which the source gives none.
  private static let assumedBound = 2048

  // MARK: Package

  private func quantize(_ program: inout Program) throws -> QuantizationSummary? {
    guard let settings = request.quantization else { return nil }
    return QuantizationSummary(try settings.quantizer().run(&program))
  }

  private var metadata: ModelMetadata {
    var metadata = ModelMetadata()
    metadata.shortDescription = request.metadata.summary
    metadata.author = request.metadata.author
    metadata.license = request.metadata.license
    metadata.version = request.metadata.version
    metadata.userDefined = request.metadata.userDefined
    return metadata
  }

  /// Throws what the verifier has against the program or, if that is nothing, what the target has.
  private func check(_ package: ModelPackage) throws {
    let target = target
    let found = try ParallelItems.map(count: 2) { check in
      check == 0 ? package.program.verify() : package.violations(of: target)
    }
    if let problems = found.first(where: { !$0.isEmpty }) {
      throw DiagnosticList(problems.map { $0.inFile(request.source) })
    }
  }
}

extension Diagnostic {
  fileprivate static func reserved(_ name: String, _ file: String) -> Diagnostic {
    let word = String(name.dropLast(Identifier.workaround.count))
    return .warning(
      .notRepresentable, at: Location(file: file),
      "Core ML reserves the name '\(word)': it is called '\(name)' in the package",
      fix: "choose another: --rename \(word)=NAME")
  }

  fileprivate static func assumed(
    _ entry: SymbolTable.Entry, _ axis: Int, _ symbol: String, _ info: ValueInfo, _ file: String
  ) -> Diagnostic {
    let low = max(1, entry.lower)
    let high = entry.upper ?? low
    let shape = (info.type.tensor?.shape ?? []).enumerated().map { index, dim in
      index == axis ? "\(low)...\(high)" : dim.fixed.map(String.init) ?? "1...\(high)"
    }
    return .warning(
      .notRepresentable, at: Location(file: file),
      "the input '\(info.name)' has no largest extent along axis \(axis) (\(symbol)): "
        + "\(high) is assumed",
      fix: "say it: --input '\(info.name)=\(shape.joined(separator: ","))'")
  }
}
