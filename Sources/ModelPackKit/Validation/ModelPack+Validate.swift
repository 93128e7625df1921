// SPDX-License-Identifier: Apache-2.0
import CoreMLPackage
import Diagnostics
import MIL

extension ModelPack {
  /// Runs a package and what it was made from on the same inputs, in order on one state, and
  /// compares outputs and, at the end, states.
  ///
  /// The source is lowered in float32 without compression. Throws what stands in the way; a result
  /// past the tolerance is no error but `passed == false`.
  /// - Parameter progress: called with the calls done so far, and in all.
  public static func validate(
    _ request: ValidationRequest, progress: ((Int, Int) -> Void)? = nil
  ) throws -> Validation {
    let model = try Model(contentsOf: request.package, function: request.function)
    let calls = try ValidationCalls(request, model)
    var run = ValidationRun(model, calls, tolerance: request.tolerance)
    for index in calls.inputs.indices {
      progress?(index, calls.inputs.count)
      try run.step(index)
    }
    return try run.finish()
  }
}

/// Runs both sides and collects comparisons.
private struct ValidationRun {
  private let model: Model
  private let calls: ValidationCalls
  private let tolerance: Double
  private let state: ModelState?
  private let sourceState: ModelState?
  private var outputs: [Validation.Output]

  init(_ model: Model, _ calls: ValidationCalls, tolerance: Double) {
    self.model = model
    self.calls = calls
    self.tolerance = tolerance
    state = model.states.isEmpty ? nil : try? model.makeState()
    sourceState = calls.source.flatMap { $0.states.isEmpty ? nil : try? $0.makeState() }
    outputs = model.outputs.map { feature in
      Validation.Output(
        name: feature.name, sourceName: feature.name, isState: false, comparison: nil,
        worstStep: 0, problem: nil, passed: true)
    }
  }

  mutating func step(_ index: Int) throws {
    let actual = try model.prediction(from: calls.inputs[index], using: state)
    let expected = try calls.expected(index, state: sourceState)
    for (place, feature) in model.outputs.enumerated() {
      let match =
        expected.first { $0.name == feature.name }
        ?? expected.first { Identifier.isSpelling(feature.name, of: $0.name) }
        ?? (expected.count == model.outputs.count ? expected[place] : nil)
      guard let match else {
        outputs[place].fail("the source has no such output")
        continue
      }
      outputs[place].sourceName = match.name
      if let found = actual[feature.name] {
        outputs[place].compare(match.array, found, step: index, tolerance: tolerance)
      }
    }
  }

  /// Compares the states, and gives the result.
  consuming func finish() throws -> Validation {
    if let state, let sourceState {
      for name in state.names where sourceState.names.contains(name) {
        var output = Validation.Output(
          name: name, sourceName: name, isState: true, comparison: nil,
          worstStep: calls.inputs.count - 1, problem: nil, passed: true)
        output.compare(
          try sourceState.read(name), try state.read(name), step: calls.inputs.count - 1,
          tolerance: tolerance)
        outputs.append(output)
      }
    }
    return Validation(outputs: outputs, steps: calls.inputs.count, tolerance: tolerance)
  }
}

extension Validation.Output {
  fileprivate mutating func fail(_ problem: String) {
    self.problem = problem
    passed = false
  }

  fileprivate mutating func compare(
    _ expected: MultiArray, _ actual: MultiArray, step: Int, tolerance: Double
  ) {
    guard let now = Comparison(expected: expected, actual: actual) else {
      return fail("the shape is \(actual.shape), not \(expected.shape)")
    }
    if let before = comparison, before.relativeError >= now.relativeError {
      comparison?.merge(now)
    } else {
      var worst = now
      if let comparison { worst.merge(comparison) }
      comparison = worst
      worstStep = step
    }
    // Not `<`: an error that is no number does not pass.
    if !(now.relativeError <= tolerance) { passed = false }
  }
}

extension Comparison {
  /// Takes over what is worse in `other`; agreement counts where it is least.
  fileprivate mutating func merge(_ other: Comparison) {
    largestError = max(largestError, other.largestError)
    decibels = min(decibels, other.decibels)
    if let mine = topAgreement, let theirs = other.topAgreement {
      topAgreement = min(mine, theirs)
    }
  }
}
