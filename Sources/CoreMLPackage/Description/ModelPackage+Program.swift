// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import MIL
import Tensors

extension ModelPackage {
  /// A package of a converted program: the description follows from the types of its functions.
  ///
  /// A symbolic extent of an input becomes a range of its symbol's bounds or, where the symbol may
  /// only have certain values, a list of shapes. `enumeratedShapes` gives the list for an input
  /// whose extents vary together. Names that are no identifiers are made into such.
  /// Throws a `DiagnosticList` of everything that a description cannot say.
  package init(
    program: Program, specificationVersion: Int, defaultFunction: String? = nil,
    enumeratedShapes: [String: [[Int]]] = [:], metadata: ModelMetadata = ModelMetadata()
  ) throws {
    var program = program
    var problems = DiagnosticCollector()
    var interfaces: [FunctionInterface] = []
    for index in program.functions.indices {
      program.functions[index].sanitizeNames()
      var builder = InterfaceBuilder(
        function: program.functions[index], version: specificationVersion,
        enumeratedShapes: enumeratedShapes)
      interfaces.append(builder.interface(&problems))
    }
    let chosen = program.function("main")?.name ?? program.functions.first?.name ?? ""
    let named = program.functions.count > 1
    let defaultName = defaultFunction ?? chosen
    if program.function(defaultName) == nil {
      problems.report(.error(.usage, "the program has no function '\(defaultName)'"))
    }
    try problems.throwIfErrors()
    self.init(
      specificationVersion: specificationVersion,
      description: ModelDescription(
        functions: interfaces, namesFunctions: named,
        defaultFunctionName: named ? defaultName : "", metadata: metadata),
      program: program)
  }
}

extension Function {
  /// Gives every value a name that a program may have.
  mutating func sanitizeNames() {
    let names = ValueNames(self)
    for index in 0..<values.count {
      let id = ValueID(index: index)
      if names[id] != values[id].name { values.rename(id, to: names[id]) }
    }
    for id in inputs where Identifier.feature(values[id].name) != values[id].name {
      values.rename(id, to: Identifier.feature(values[id].name))
    }
    // As coremltools has it: the name of an output does not begin with an underscore.
    for id in body.outputs where values[id].name.hasPrefix("_") {
      values.rename(id, to: "var" + values[id].name)
    }
  }
}

/// Describes the inputs, outputs and states of a function.
private struct InterfaceBuilder {
  let function: Function
  let version: Int
  let enumeratedShapes: [String: [[Int]]]

  mutating func interface(_ problems: inout DiagnosticCollector) -> FunctionInterface {
    var interface = FunctionInterface(name: function.name)
    for id in function.inputs {
      let info = function.values[id]
      problems.catching(at: nil) {
        switch info.type {
        case .tensor(let type): interface.inputs.append(try input(info.name, type))
        case .state(let type): interface.states.append(try state(info.name, type))
        default: throw Diagnostic.notAFeature("input", info)
        }
      }
    }
    for id in function.body.outputs {
      let info = function.values[id]
      problems.catching(at: nil) { interface.outputs.append(try output(info)) }
    }
    return interface
  }

  private func check(_ role: String, _ name: String, _ dtype: DType) throws {
    guard let needed = dtype.featureVersion, needed <= version else {
      throw Diagnostic.featureType(role, name, dtype, version)
    }
  }

  private func input(_ name: String, _ type: TensorType) throws -> Feature {
    try check("input", name, type.dtype)
    if let shape = type.fixedShape {
      // A scalar is described as a tensor of one element.
      return Feature(name, .multiArray(ArrayFeature(type.dtype, shape.isEmpty ? [1] : shape)))
    }
    let flexible = FlexibleShape(name: name, dims: type.shape, symbols: function.symbols)
    let array: ArrayFeature
    if let shapes = enumeratedShapes[name] {
      array = try flexible.listed(shapes, type.dtype)
    } else if flexible.isEnumerated {
      array = try flexible.enumerated(type.dtype, version: version)
    } else {
      array = try flexible.ranged(type.dtype)
    }
    return Feature(name, .multiArray(array))
  }

  private func state(_ name: String, _ type: TensorType) throws -> Feature {
    guard let shape = type.fixedShape else { throw Diagnostic.flexibleState(name, type) }
    guard type.dtype == .float16 else { throw Diagnostic.stateType(name, type.dtype) }
    guard version >= 9 else { throw Diagnostic.stateVersion(name) }
    return Feature(name, .state(ArrayFeature(type.dtype, shape)))
  }

  private func output(_ info: ValueInfo) throws -> Feature {
    switch info.type {
    case .tensor(let type):
      try check("output", info.name, type.dtype)
      return Feature(info.name, .multiArray(ArrayFeature(type.dtype, type.fixedShape ?? [])))
    case .dictionary(let key, _):
      let label: FeatureType.Label = key.tensor?.dtype == .string ? .string : .int64
      return Feature(info.name, .dictionary(key: label))
    default: throw Diagnostic.notAFeature("output", info)
    }
  }
}

extension Diagnostic {
  fileprivate static func featureType(
    _ role: String, _ name: String, _ dtype: DType, _ version: Int
  ) -> Diagnostic {
    let target = DeploymentTarget.name(ofVersion: version)
    let remedy =
      dtype.featureVersion.map {
        "use a target of \(DeploymentTarget.name(ofVersion: $0)) or later"
      } ?? "cast it to float32, float16 or int32"
    return .error(
      .unsupportedType, "the \(role) '\(name)' is \(dtype.rawValue), which \(target) does not take",
      fix: remedy)
  }

  fileprivate static func flexibleState(_ name: String, _ type: TensorType) -> Diagnostic {
    .error(
      .unsupportedByTarget, "the state '\(name)' is \(type), but states have fixed shapes",
      fix: "give the extents of the state's buffer as numbers")
  }

  fileprivate static func stateType(_ name: String, _ dtype: DType) -> Diagnostic {
    .error(
      .unsupportedType, "the state '\(name)' is \(dtype.rawValue), but states are float16",
      fix: "make it an input and output with --no-states, or a float16 buffer")
  }

  fileprivate static func stateVersion(_ name: String) -> Diagnostic {
    .error(
      .unsupportedByTarget, "the state '\(name)' needs iOS18",
      fix: "use a target of iOS18 or later, or --no-states")
  }

  fileprivate static func notAFeature(_ role: String, _ info: ValueInfo) -> Diagnostic {
    .error(.unsupportedType, "the \(role) '\(info.name)' cannot be \(info.type)")
  }
}
