// SPDX-License-Identifier: Apache-2.0
import MIL
import ReferenceExecutor
import Tensors
import Testing
import TorchFrontend

/// Every exported program of `Fixtures/torch`, run and held against PyTorch's numbers.
@Suite struct ExportedModelTests {
  static let names = RecordedModel.names(in: "torch")

  /// Relative to an output's range. States are float16, so what they hold is less exact; sources
  /// in a small type are computed here in a larger one, so PyTorch's own rounding is the measure.
  private static func tolerance(_ name: String, hasStates: Bool) -> Double {
    switch name {
    case "odd-bfloat16", "odd-bfloat16-inside": 1.0 / 256
    case "odd-float16": 1.0 / 1024
    default: hasStates ? 2e-3 : 1e-4
    }
  }

  @Test func thereAreModels() {
    #expect(Self.names.count >= 60)
  }

  @Test(arguments: names) func float32(_ name: String) throws {
    try check(name) { Self.tolerance(name, hasStates: $0) }
  }

  @Test(arguments: names) func float16(_ name: String) throws {
    try check(name, isHalf: true) { _ in 0.02 }
  }

  private func check(
    _ name: String, isHalf: Bool = false, tolerance: (_ hasStates: Bool) -> Double
  ) throws {
    let recorded = try RecordedModel("torch", name)
    let program = try recorded.program()
    let model = try LoweredModel(program, TorchOptions(opset: .iOS18), isHalf: isHalf)
    #expect(model.problems() == [])
    let hasStates = !model.executable.states.isEmpty
    let state = hasStates ? try firstState(model, program) : nil
    let outputs = try recorded.outputNames()
    for (index, call) in try recorded.calls().enumerated() {
      let results = try model.run(call.inputs, state: state)
      for output in outputs {
        guard let expected = call.expected[output] else { continue }
        let error = deviation(results[output], expected)
        #expect(error <= tolerance(hasStates), "\(name) call \(index): \(output)")
      }
    }
    guard let state else { return }
    for (buffer, expected) in try recorded.states() {
      let held = try state.read(Identifier.sanitized(buffer)).data()
      let reshaped = expected.shape.isEmpty ? [1] : expected.shape
      let wanted = try TensorData(expected.doubles, as: .float32, shape: reshaped)
      #expect(deviation(held, wanted) <= 2e-3 + (isHalf ? 0.02 : 0), "\(name): state \(buffer)")
    }
  }

  /// States as the source has them before the first call: those of Core ML start at zero.
  private func firstState(_ model: LoweredModel, _ program: TorchProgram) throws -> SessionState {
    let state = try model.executable.makeState()
    for buffer in program.mutatedBuffers {
      guard let source = program.weights[buffer] else { continue }
      let name = Identifier.sanitized(buffer)
      let values = try source.materialized().doubles
      let data = try TensorData(values, as: .float16, shape: state.read(name).shape)
      try state.write(Tensor(data), to: name)
    }
    return state
  }

  /// What has no states runs on every older system too.
  @Test(arguments: [Opset.iOS15, .iOS16, .iOS17], names)
  func olderTargets(_ opset: Opset, _ name: String) throws {
    let recorded = try RecordedModel("torch", name)
    let program = try recorded.program()
    guard program.mutatedBuffers.isEmpty else { return }
    let model = try LoweredModel(program, TorchOptions(opset: opset))
    #expect(model.problems() == [])
    for call in try recorded.calls() {
      let results = try model.run(call.inputs)
      for (output, expected) in call.expected {
        let error = deviation(results[output], expected)
        #expect(error <= Self.tolerance(name, hasStates: false), "\(name): \(output)")
      }
    }
  }
}
