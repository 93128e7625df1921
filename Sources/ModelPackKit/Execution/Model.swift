// SPDX-License-Identifier: Apache-2.0
package import CoreMLPackage
import Diagnostics
package import MIL
package import ReferenceExecutor

/// A model that runs here: one function of an `.mlpackage`, compiled for the reference executor.
///
///     let model = try Model(contentsOf: "decoder.mlpackage")
///     let state = try model.makeState()
///     let logits = try model.prediction(from: ["tokens": tokens], using: state)["logits"]
///
/// May be used from several threads; predictions on one state wait for each other.
public final class Model: Sendable {
  /// The function that this is.
  public let functionName: String
  /// Every function of the package.
  public let functionNames: [String]
  public let inputs: [FeatureDescription]
  public let outputs: [FeatureDescription]
  public let states: [FeatureDescription]
  package let function: Function
  package let executable: Executable

  /// Loads the package at `path` and compiles a function of it, the default one unless named.
  ///
  /// Throws a `Diagnostic` or a `DiagnosticList`: what is wrong with the package, or every
  /// operation that the executor does not have.
  public convenience init(contentsOf path: String, function: String? = nil) throws {
    do {
      try self.init(ModelPackage(contentsOf: path), function: function)
    } catch let diagnostic as Diagnostic {
      throw diagnostic.inFile(path)
    } catch let list as DiagnosticList {
      throw DiagnosticList(list.diagnostics.map { $0.inFile(path) })
    }
  }

  package init(_ package: ModelPackage, function name: String? = nil) throws {
    let names = package.program.functions.map(\.name)
    let found = name.map { package.program.function($0) } ?? package.defaultFunction
    guard let function = found else {
      throw Diagnostic.error(
        .usage, "the model has no function '\(name ?? "main")'",
        fix: Suggestion.remedy(for: name ?? "main", among: names, "functions"))
    }
    let interface = ModelInterface(function, package.description.function(function.name))
    self.function = function
    functionName = function.name
    functionNames = names
    inputs = interface.inputs
    outputs = interface.outputs
    states = interface.states
    executable = try Executable(package.program, function: function.name)
  }

  /// A lowered source: its only function, without a description.
  package init(reference program: Program) throws {
    guard let function = program.functions.first else {
      throw Diagnostic.error(.internalError, "the source was lowered to no function")
    }
    let interface = ModelInterface(function, nil)
    self.function = function
    functionName = function.name
    functionNames = [function.name]
    inputs = interface.inputs
    outputs = interface.outputs
    states = interface.states
    executable = try Executable(program, function: function.name)
  }

  /// A session: every state of the model, zero.
  public func makeState() throws -> ModelState {
    ModelState(try executable.makeState())
  }

  /// One prediction, on `state` where the model has states.
  ///
  /// Throws a `DiagnosticList` of everything about the inputs that does not fit what `inputs` says
  /// (a dtype is never converted), leaving the state as it was.
  public func prediction(
    from inputs: [String: MultiArray], using state: ModelState? = nil
  ) throws -> [String: MultiArray] {
    try check(inputs)
    var tensors: [String: Tensor] = [:]
    for (name, array) in inputs { tensors[name] = try Tensor(array.data) }
    let results = try executable.run(tensors, state: state?.session)
    return try results.mapValues { tensor in
      tensor.dtype == .string
        ? try MultiArray(strings: tensor.strings, shape: tensor.shape)
        : MultiArray(try tensor.data(), labels: tensor.strings)
    }
  }

  /// Throws what `prediction` would say of the inputs.
  package func check(_ given: [String: MultiArray]) throws {
    try InputCheck(function, inputs).run(given)
  }
}
