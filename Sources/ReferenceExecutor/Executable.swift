// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import MIL
import Tensors

/// A function of a program, compiled once and run many times. May be run from several threads.
package final class Executable: Sendable {
  /// Called with an operation, the name of a result and the result, as the program runs. Must not
  /// use the session that the prediction runs on.
  package typealias Observer = (Operation, _ name: String, Tensor) throws -> Void
  package typealias Feature = (name: String, type: ValueType)

  private let plan: Plan
  private let dense: any DenseBackend

  /// Compiles a function, `main` or the only one unless named.
  ///
  /// Throws a `DiagnosticList` with every operation that has no kernel and everything else that
  /// stands in the way.
  package init(
    _ program: Program, function name: String? = nil, dense: any DenseBackend = LibraryDense()
  ) throws {
    let wanted = name ?? (program.functions.count == 1 ? program.functions[0].name : "main")
    guard let function = program.function(wanted) else {
      throw Diagnostic.error(
        .usage, "the program has no function '\(wanted)'",
        notes: ["its functions: " + program.functions.map(\.name).joined(separator: ", ")])
    }
    plan = try Planner.plan(function)
    self.dense = dense
  }

  /// The inputs that a prediction takes, states left out.
  package var inputs: [Feature] {
    plan.function.inputs.map { plan.function.values[$0] }.filter { $0.type.state == nil }
      .map { ($0.name, $0.type) }
  }

  package var outputs: [Feature] {
    plan.function.body.outputs.map { plan.function.values[$0] }.map { ($0.name, $0.type) }
  }

  package var states: [(name: String, type: TensorType)] { plan.states }

  /// A session with every state zero.
  package func makeState() throws -> SessionState { try SessionState(plan.states) }

  /// One prediction. Inputs must have the declared dtypes and shapes that the declared ones allow.
  ///
  /// A model with states needs a `state` made by this executable. A dictionary of scores comes out
  /// as the tensor of its values with the labels as its `strings`.
  package func run(
    _ inputs: [String: Tensor], state: SessionState? = nil, observer: Observer? = nil
  ) throws -> [String: Tensor] {
    let bound = try InputBinding(plan.function).bind(inputs)
    guard let state else {
      guard plan.states.isEmpty else { throw Diagnostic.stateMissing(plan.states.map(\.name)) }
      var run = Run(plan, dense: dense, states: [], observer: observer)
      return try named(run.outputs(bound))
    }
    guard state.types.elementsEqual(plan.states, by: { $0.name == $1.name && $0.type == $1.type })
    else {
      throw Diagnostic.error(.usage, "the state was made for another model")
    }
    return try state.withValues { values in
      try run(bound, on: &values, observer)
    }
  }

  private func run(
    _ bound: [Int: RuntimeValue], on values: inout [Tensor], _ observer: Observer?
  ) throws -> [String: Tensor] {
    let backup = values.map(TensorBackup.init)
    var run = Run(plan, dense: dense, states: values, observer: observer)
    values = []
    do {
      let outputs = try named(run.outputs(bound))
      values = zip(run.states, backup).map { $0 ?? $1.restored() }
      return outputs
    } catch {
      values = backup.map { $0.restored() }
      throw error
    }
  }

  private func named(_ results: [RuntimeValue]) throws -> [String: Tensor] {
    var outputs: [String: Tensor] = [:]
    for (feature, result) in zip(self.outputs, results) {
      switch result {
      case .tensor(let tensor): outputs[feature.name] = tensor
      case .scores(let labels, let values):
        outputs[feature.name] = values.labelled(
          labels.dtype == .string ? labels.strings : labels.integers.map(String.init))
      default:
        throw Diagnostic.error(
          .unsupportedType, "output '\(feature.name)' is a \(feature.type), not a tensor")
      }
    }
    return outputs
  }
}

extension Diagnostic {
  fileprivate static func stateMissing(_ names: [String]) -> Diagnostic {
    .error(
      .usage, "the model has states (\(names.joined(separator: ", "))) but none were given",
      fix: "make a state with makeState() and predict with it")
  }
}
