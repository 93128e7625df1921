// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// The signature of an exported program in MIL: inputs, states, weights and outputs around the graph.
struct ProgramLowering {
  private let program: TorchProgram
  private let options: TorchOptions
  private let build: FunctionBuilder
  private let graph: GraphLowering
  /// Mutated buffers that are not states: their storage and the name of the extra output.
  private var carried: [(name: String, tensor: TorchTensor)] = []
  private var buffers: [String: TorchTensor] = [:]
  private let mutated: MutatedStorage
  private(set) var warnings: [Diagnostic] = []

  init(_ program: TorchProgram, _ options: TorchOptions) {
    self.program = program
    self.options = options
    mutated = MutatedStorage(program)
    build = FunctionBuilder(name: options.functionName, opset: options.opset)
    graph = GraphLowering(build)
  }

  mutating func run() throws -> Function {
    let substitution = try ShapeSubstitution(program, options)
    build.symbols = substitution.symbols
    let source = substitution.apply(to: program.graph)
    // User inputs first: the order a caller sees.
    for spec in program.inputs { try bindUser(spec, source) }
    for spec in program.inputs { try bindStored(spec) }
    try bindDerivedSymbols(source)
    graph.run(source)
    try graph.diagnostics.throwIfErrors()
    return try build.finish(outputs: outputs(source))
  }

  // MARK: Inputs

  private mutating func bindUser(_ spec: TorchProgram.InputSpec, _ source: TorchGraph) throws {
    switch spec {
    case .user(.tensor(let name)):
      guard let meta = source.tensors[name] else {
        throw malformed("the type of input '\(name)' is not recorded")
      }
      graph.environment[name] = .tensor(try input(name, meta))
    case .fixed(let argument, let value):
      graph.environment[argument] = try graph.resolve(value)
    case .user(.int), .user(.float), .user(.bool), .user(.string), .user(.none): break
    case .user:
      throw unsupported(
        "an input that is a number or a list, not a tensor, is not supported",
        fix: "pass it as a tensor, or fix it before the export")
    case .unsupported(let kind): throw unsupported("an input of kind '\(kind)' is not supported")
    case .parameter, .buffer, .constant: break
    }
  }

  /// An input with a dtype that Core ML has: integers and booleans are int32, doubles float32.
  private func input(_ name: String, _ meta: TensorMeta) throws -> TorchTensor {
    guard !meta.dtype.isComplex else {
      throw unsupported("input '\(name)' is complex", fix: "pass real and imaginary parts")
    }
    var dtype: DType = meta.dtype.mil == .bool ? .int32 : meta.dtype.mil
    if meta.dtype == .float16 { dtype = .float16 }
    // Core ML has no scalar inputs: one of a single element stands for it.
    let isScalar = meta.sizes.isEmpty
    var value = build.input(Identifier.sanitized(name), .tensor(dtype, isScalar ? [1] : meta.sizes))
    if isScalar { value = try build.mil.squeeze(x: value, axes: [0]) }
    return TorchTensor(try build.convert(value, to: meta.dtype.mil), dtype: meta.dtype.mil)
  }

  private mutating func bindStored(_ spec: TorchProgram.InputSpec) throws {
    guard let (argument, name) = spec.stored else { return }
    let source = try stored(name)
    if let meta = program.graph.tensors[argument], meta.sizes != source.shape.map({ .fixed($0) }) {
      throw malformed(
        "the weight '\(name)' has shape \(source.shape) where the graph has \(meta.sizes)")
    }
    guard let owner = mutated.owner(of: source, named: name) else {
      return graph.environment[argument] = .tensor(try weight(name, source))
    }
    let tensor = try buffers[owner] ?? carrier(owner)
    buffers[owner] = tensor
    buffers[name] = tensor
    graph.environment[argument] = .tensor(tensor)
  }

  private mutating func weight(_ name: String, _ source: any WeightSource) throws -> TorchTensor {
    let dtype = source.dtype.mil
    guard !source.dtype.isComplex else { throw unsupported("'\(name)' is complex") }
    if let far = try source.firstPastInt32() {
      warnings.append(
        .warning(
          .notRepresentable, at: Location(file: program.file),
          "the constant '\(name)' holds \(far), which int32 cannot hold: the nearest number it can "
            + "hold is taken",
          fix: "keep its values within -2147483648...2147483647"))
    }
    let value = try Constant.weights(CastSource.cast(source, to: dtype))
    return TorchTensor(build.const(Identifier.sanitized(name), value), dtype: dtype)
  }

  private func stored(_ name: String) throws -> any WeightSource {
    guard let source = program.weights[name] else {
      throw malformed("the weight '\(name)' is not in the archive")
    }
    if let unreadable = source as? UnreadableWeight {
      throw unsupported(
        "the weight '\(name)' \(unreadable.reason)", fix: "save it again with torch 2.7 or later")
    }
    return source
  }

  /// A buffer that the graph changes: a state, or an input that comes back as an output.
  private mutating func carrier(_ name: String) throws -> TorchTensor {
    let source = try stored(name)
    let dtype = source.dtype.mil
    let label = Identifier.sanitized(name)
    guard isState(name) else {
      let type: DType = dtype == .bool ? .int32 : dtype
      let value = build.input(label, .tensor(type, fixed: source.shape))
      let tensor = TorchTensor(try build.convert(value, to: dtype), dtype: dtype)
      carried.append((label, tensor))
      return tensor
    }
    guard options.opset >= .iOS18 else { throw statesNeedNewerTarget(name) }
    try warn(name, source)
    // Core ML has no scalar states: one of a single element stands for it.
    let isScalar = source.shape.isEmpty
    let state = build.input(
      label, .state(TensorType(.float16, fixed: isScalar ? [1] : source.shape)))
    return TorchTensor(
      storage: TorchStorage(state: state, name: name), views: isScalar ? [.squeeze(axes: [0])] : [],
      dtype: dtype)
  }

  private mutating func warn(_ name: String, _ source: any WeightSource) throws {
    let place = Location(file: program.file)
    if source.dtype.isInteger {
      warnings.append(
        .warning(
          .notRepresentable, at: place,
          "the state '\(name)' is \(source.dtype.rawValue), held as float16: exact up to 2048",
          fix: "pass counters as inputs if they grow beyond that"))
    }
    if try !source.isZero() {
      warnings.append(
        .warning(
          .notRepresentable, at: place,
          "the state '\(name)' does not start at zero in the source, as states of Core ML do",
          fix: "write its first value to the state before the first prediction"))
    }
  }

  private func isState(_ name: String) -> Bool {
    switch options.states {
    case .all: true
    case .none: false
    case .named(let names): names.contains(name)
    }
  }

  /// Symbols that no input has as a bare extent, solved from one that contains them.
  private func bindDerivedSymbols(_ source: TorchGraph) throws {
    for case .user(.tensor(let name)) in program.inputs {
      guard let meta = source.tensors[name], case .tensor(let tensor) = graph.environment[name]
      else { continue }
      for (axis, size) in meta.sizes.enumerated() {
        let unbound = size.symbols.filter { !build.isBound($0) }
        guard unbound.count == 1, let symbol = unbound.first,
          let solution = size.solved(for: symbol)
        else { continue }
        let extent = "\(symbol)_extent"
        try build.bind(extent, toExtentOf: tensor.value(build), axis: axis)
        try build.bind(symbol, to: .dim(solution(.symbol(extent))))
      }
    }
  }

  // MARK: Outputs

  private func outputs(_ source: TorchGraph) throws -> [(name: String, value: Value)] {
    var results: [(name: String, value: Value)] = []
    for spec in program.outputs {
      switch spec {
      case .user(.tensor(let name)):
        if case .some(.none) = graph.environment[name] {
          throw unsupported(
            "the output '\(name)' is a result of its operator that is not computed",
            fix: "leave it out of the model's outputs")
        }
        guard case .tensor(let tensor) = graph.environment[name] else {
          throw malformed("the output '\(name)' is not defined")
        }
        results.append((Identifier.sanitized(name), try output(tensor, source.tensors[name])))
      case .user: break
      case .bufferMutation(let value, let buffer):
        guard let target = buffers[buffer], case .tensor(let tensor) = graph.environment[value]
        else {
          throw malformed("the new value of buffer '\(buffer)' is not defined")
        }
        try target.assign(build.convert(tensor.value(build), to: target.dtype), build)
      case .inputMutation: break
      case .unsupported(let kind): throw unsupported("an output of kind '\(kind)' is not supported")
      }
    }
    for (name, tensor) in carried {
      results.append((name + "_out", try output(tensor, nil)))
    }
    guard !results.isEmpty else {
      throw unsupported("the program has no tensor outputs", fix: "return at least one tensor")
    }
    return results
  }

  /// An output in a dtype that Core ML has.
  private func output(_ tensor: TorchTensor, _ meta: TensorMeta?) throws -> Value {
    let value = try tensor.value(build)
    if tensor.dtype == .bool { return try build.cast(value, to: .int32) }
    if meta?.dtype == .float16 { return try build.cast(value, to: .float16) }
    return value
  }

  // MARK: Messages

  private func malformed(_ message: String) -> Diagnostic {
    .error(.malformed, at: Location(file: program.file), message)
  }

  private func unsupported(_ message: String, fix: String? = nil) -> Diagnostic {
    .error(.unsupportedArgument, at: Location(file: program.file), message, fix: fix)
  }

  private func statesNeedNewerTarget(_ name: String) -> Diagnostic {
    .error(
      .unsupportedByTarget, at: Location(file: program.file),
      "the buffer '\(name)' is a state, which \(options.opset) lacks",
      fix: "use a target of iOS18 or later, or --no-states to pass it in and out")
  }
}

extension Dim {
  /// For a linear `a * symbol + b` with numbers: how to compute the symbol from the whole.
  func solved(for symbol: String) -> ((Dim) -> Dim)? {
    let offset = substituting { $0 == symbol ? .fixed(0) : nil }
    let slope = substituting { $0 == symbol ? .fixed(1) : nil } - offset
    guard let a = slope.fixed, a != 0, self == .fixed(a) * .symbol(symbol) + offset else {
      return nil
    }
    return { whole in .floorDiv(whole - offset, .fixed(a)) }
  }
}

extension DType {
  var isComplex: Bool { self == .complex64 || self == .complex128 }
}

extension Constant {
  /// A weight as a constant: inline where it is too small for the weight file.
  static func weights(_ source: any WeightSource) throws -> Constant {
    source.count < 10 ? Constant(try source.materialized()) : Constant(source)
  }
}
