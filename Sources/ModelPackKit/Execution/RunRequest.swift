// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Predictions in order on one state, from files to files.
public struct RunRequest: Sendable {
  public var package: String
  public var function: String?
  /// An npz per prediction; with none there is one prediction.
  public var inputs: [String] = []
  /// An npz per prediction, or none.
  public var outputs: [String] = []
  /// Inputs in files of their own, the same for every prediction.
  public var namedInputs: [(name: String, path: String)] = []
  /// Fills the inputs that no file gives.
  public var randomSeed: UInt64?
  public var stateInput: String?
  public var stateOutput: String?
  public var overwrite = false

  public init(package: String) {
    self.package = package
  }
}

/// What predictions gave.
public struct RunResult: Sendable {
  /// The outputs of each prediction, in the order of the model.
  public var predictions: [[(name: String, array: MultiArray)]]
  /// The states after the last prediction, in the order of the model.
  public var states: [(name: String, array: MultiArray)]
}

extension ModelPack {
  /// Runs predictions in order on one state. Files are read and checked before the first one, and
  /// written after the last one.
  ///
  /// Throws what is wrong with the package, the inputs or the files; an input that does not fit the
  /// model is `.malformed` with its file.
  public static func run(
    _ request: RunRequest, progress: ((Int, Int) -> Void)? = nil
  ) throws -> RunResult {
    try request.checkCounts()
    let model = try Model(contentsOf: request.package, function: request.function)
    try request.checkStates(model)
    let inputs = try request.readInputs(model)
    let state = try request.readState(model)
    var predictions: [[(name: String, array: MultiArray)]] = []
    for (index, values) in inputs.enumerated() {
      progress?(index, inputs.count)
      let results = try model.prediction(from: values, using: state)
      predictions.append(
        model.outputs.compactMap { feature in results[feature.name].map { (feature.name, $0) } })
    }
    let states = try state.names.map { (name: $0, array: try state.read($0)) }
    for (results, path) in zip(predictions, request.outputs) {
      try ArrayFile.writeArchive(results, to: path, overwrite: request.overwrite)
    }
    if let path = request.stateOutput {
      try ArrayFile.writeArchive(states, to: path, overwrite: request.overwrite)
    }
    return RunResult(predictions: predictions, states: states)
  }
}

extension RunRequest {
  fileprivate func checkCounts() throws {
    let count = max(1, inputs.count)
    guard outputs.isEmpty || outputs.count == count else {
      throw Diagnostic.error(
        .usage, "--outputs is given \(outputs.count) times for \(count) predictions",
        fix: "repeat '--inputs A.npz --outputs B.npz' as a pair for each prediction")
    }
    var names: Set<String> = []
    for path in outputs + (stateOutput.map { [$0] } ?? []) where !names.insert(path).inserted {
      throw Diagnostic.error(
        .usage, "'\(path)' is the output of two things", fix: "give each one a file of its own")
    }
  }

  fileprivate func checkStates(_ model: Model) throws {
    guard model.states.isEmpty, stateInput != nil || stateOutput != nil else { return }
    throw Diagnostic.error(
      .usage, at: Location(file: package), "the model has no states",
      fix: "leave out --state-in and --state-out")
  }

  fileprivate func readState(_ model: Model) throws -> ModelState {
    let state = try model.makeState()
    guard let path = stateInput else { return state }
    var problems = DiagnosticCollector()
    let given = FeatureNames.adopted(try ArrayFile.readArchive(path), by: model.states)
    for (name, array) in given {
      problems.catching(at: Location(file: path)) { try state.write(array, to: name) }
    }
    for feature in model.states where !given.contains(where: { $0.name == feature.name }) {
      problems.report(
        .error(
          .wrongInput, at: Location(file: path), "state '\(feature.name)' is missing",
          notes: ["it is \(feature.text)"]))
    }
    try problems.throwIfErrors()
    return state
  }

  fileprivate func readInputs(_ model: Model) throws -> [[String: MultiArray]] {
    var common: [String: MultiArray] = [:]
    for (given, path) in namedInputs {
      let name = FeatureNames.match(given, among: model.inputs.map(\.name)) ?? given
      guard common.updateValue(try ArrayFile.read(path), forKey: name) == nil else {
        throw Diagnostic.error(.usage, "--input gives '\(name)' twice")
      }
    }
    var random = randomSeed.map { RandomInputs(model.inputs, model.function, seed: $0) }
    if inputs.isEmpty {
      return [try complete(common, model, &random, file: namedInputs.first?.path)]
    }
    return try inputs.map { path in
      var values = common
      let given = FeatureNames.adopted(try ArrayFile.readArchive(path), by: model.inputs)
      for (name, array) in given {
        guard values.updateValue(array, forKey: name) == nil else {
          throw Diagnostic.error(
            .usage, at: Location(file: path), "input '\(name)' is also given with --input")
        }
      }
      return try complete(values, model, &random, file: path)
    }
  }

  /// Adds random inputs for those missing, and checks all of them.
  private func complete(
    _ given: [String: MultiArray], _ model: Model, _ random: inout RandomInputs?, file: String?
  ) throws -> [String: MultiArray] {
    var values = given
    if let made = try random?.next() { values.merge(made) { given, _ in given } }
    do {
      try model.check(values)
    } catch let list as DiagnosticList {
      throw DiagnosticList(list.diagnostics.map { $0.at(file.map { Location(file: $0) }) })
    } catch let diagnostic as Diagnostic {
      throw diagnostic.at(file.map { Location(file: $0) })
    }
    return values
  }
}
