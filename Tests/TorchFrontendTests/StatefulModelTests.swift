// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import ReferenceExecutor
import Tensors
import TestSupport
import Testing
import TorchFrontend

/// States of exported programs: several sessions, caches, and buffers passed in and out instead.
@Suite struct StatefulModelTests {
  private func model(
    _ name: String, states: TorchOptions.StateSelection = .all, isHalf: Bool = false
  ) throws -> LoweredModel {
    var options = TorchOptions(opset: .iOS18)
    options.states = states
    return try LoweredModel(RecordedModel("torch", name).program(), options, isHalf: isHalf)
  }

  private func scalar(_ model: LoweredModel, _ x: Float, _ state: SessionState) throws -> Double {
    let inputs = ["x": TensorData(float32: [x], shape: [1])]
    return try model.run(inputs, state: state).values.first?.doubles.first ?? .nan
  }

  @Test(arguments: [false, true]) func accumulatorHasSessions(_ isHalf: Bool) throws {
    let model = try model("accumulator", isHalf: isHalf)
    let (first, second) = (
      try model.executable.makeState(), try model.executable.makeState()
    )
    #expect(try [2, 5, -1].map { try scalar(model, $0, first) } == [4, 49, 36])
    #expect(try [9, 2].map { try scalar(model, $0, second) } == [81, 121])
    #expect(try [3, 7].map { try scalar(model, $0, first) } == [81, 256])
  }

  @Test(arguments: [false, true]) func cumulativeSumCanBeResetAndSet(_ isHalf: Bool) throws {
    let model = try model("cumulative-sum", isHalf: isHalf)
    let state = try model.executable.makeState()
    #expect(try [1, 2, 3, 4].map { try scalar(model, $0, state) } == [1, 3, 6, 10])
    try state.reset()
    #expect(try [5, 6, 7, 8].map { try scalar(model, $0, state) } == [5, 11, 18, 26])
    let name = try #require(model.executable.states.first?.name)
    let shape = try state.read(name).shape
    try state.write(Tensor(TensorData([5], as: .float16, shape: shape)), to: name)
    #expect(try [9, 10, 11, 12].map { try scalar(model, $0, state) } == [14, 24, 35, 47])
  }

  /// The first call of the fixture is a prefill of 16 tokens; here the same tokens one by one.
  @Test func prefillEqualsSingleSteps() throws {
    let recorded = try RecordedModel("torch", "decoder")
    let model = try model("decoder")
    let call = try #require(try recorded.calls().first)
    let (whole, single) = (
      try model.executable.makeState(), try model.executable.makeState()
    )
    let output = try #require(try recorded.outputNames().first)
    let prefill = try #require(try model.run(call.inputs, state: whole)[output])
    let tokens = try #require(call.inputs["tokens"])
    #expect(tokens.count == 16)
    var last: TensorData?
    for step in 0..<tokens.count {
      let token = try TensorData(
        [tokens.doubles[step]], as: tokens.dtype, shape: [1, 1])
      // One row of a causal mask hides nothing of what came before.
      let mask = TensorData(
        float32: Array(repeating: 0, count: step + 1), shape: [1, 1, 1, step + 1])
      let inputs = ["tokens": token, "mask": mask]
      let before = try snapshot(model, single)
      last = try model.run(inputs, state: single)[output]
      let after = try snapshot(model, single)
      #expect(before != after, "step \(step) writes nothing")
    }
    let width = try #require(prefill.shape.last)
    let tail = try TensorData(
      Array(prefill.doubles.suffix(width)), as: .float32, shape: [width])
    let final = try #require(last)
    let line = try TensorData(Array(final.doubles.suffix(width)), as: .float32, shape: [width])
    #expect(deviation(line, tail) <= 2e-3)
    for (name, _) in model.executable.states {
      #expect(deviation(try single.read(name).data(), try whole.read(name).data()) <= 2e-3)
    }
  }

  private func snapshot(_ model: LoweredModel, _ state: SessionState) throws -> [[Double]] {
    try model.executable.states.map { try state.read($0.name).doubles }
  }

  /// Every cache row of a position that was written differs from zero, and no other does.
  @Test func everyWrittenRowChanges() throws {
    let recorded = try RecordedModel("torch", "decoder")
    let model = try model("decoder")
    let state = try model.executable.makeState()
    let calls = try recorded.calls()
    for call in calls { _ = try model.run(call.inputs, state: state) }
    let written = 16 + calls.count - 1
    for (name, type) in model.executable.states {
      let shape = type.shape.compactMap(\.fixed)
      let data = try state.read(name).doubles
      let (length, width) = (shape[shape.count - 2], shape[shape.count - 1])
      for row in 0..<(data.count / width) {
        let isZero = data[(row * width)..<((row + 1) * width)].allSatisfy { $0 == 0 }
        #expect(isZero == (row % length >= written), "\(name): row \(row)")
      }
    }
  }

  @Test func withoutStatesBuffersGoInAndOut() throws {
    let model = try model("accumulator", states: .none)
    #expect(model.executable.states.isEmpty)
    #expect(model.executable.inputs.map(\.name) == ["x", "accumulator"])
    #expect(model.executable.outputs.map(\.name).last == "accumulator_out")
    let results = try model.executable.run([
      "x": Tensor(TensorData(float32: [2], shape: [1])),
      "accumulator": Tensor(TensorData(float32: [3], shape: [1])),
    ])
    #expect(results["accumulator_out"]?.doubles == [5])
    #expect(results.filter { $0.key != "accumulator_out" }.values.map(\.doubles) == [[25]])
  }

  @Test func someBuffersMayBeStates() throws {
    let all = try model("state-two-buffers").executable.states.map(\.name)
    #expect(all.count == 2)
    let source = try RecordedModel("torch", "state-two-buffers").program()
    let chosen = try #require(source.mutatedBuffers.first)
    let some = try model("state-two-buffers", states: .named([chosen]))
    #expect(some.executable.states.map(\.name) == [Identifier.sanitized(chosen)])
    #expect(some.executable.outputs.contains { $0.name.hasSuffix("_out") })
  }

  @Test func statesNeedTheirTarget() throws {
    let source = try RecordedModel("torch", "accumulator").program()
    let text = thrownText {
      _ = try source.lower(TorchOptions(opset: .iOS17))
    }
    #expect(text.hasSuffix("the buffer 'accumulator' is a state, which iOS17 lacks"))
    #expect(text.hasPrefix("unsupported-by-target: "))
  }
}
