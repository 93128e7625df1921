// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors
import Testing

@testable import ReferenceExecutor

@Suite struct StateTests {
  /// `accumulator += x; y = accumulator * accumulator`.
  private func accumulator() throws -> Executable {
    let build = FunctionBuilder(opset: .iOS18)
    let x = build.input("x", .tensor(.float16, fixed: [1]))
    let state = build.input("accumulator", .state(TensorType(.float16, fixed: [1])))
    let sum = try build.mil.add(x: try build.mil.read_state(input: state), y: x)
    try build.emit("write_state", ["input": state, "data": sum])
    let after = try build.mil.read_state(input: state)
    let y = try build.mil.mul(x: after, y: after)
    return try Executable(
      Program(functions: [build.finish(outputs: [("y", y)])]))
  }

  private func predict(
    _ executable: Executable, _ x: Float, _ state: SessionState
  ) throws -> Double? {
    try executable.run(["x": Tensor([x], dtype: .float16)], state: state)["y"]?.doubles.first
  }

  @Test func accumulatorKeepsItsSumPerSession() throws {
    let executable = try accumulator()
    let (first, second) = (try executable.makeState(), try executable.makeState())
    #expect(try [2, 5, -1].map { try predict(executable, $0, first) } == [4, 49, 36])
    #expect(try [9, 2].map { try predict(executable, $0, second) } == [81, 121])
    #expect(try [3, 7].map { try predict(executable, $0, first) } == [81, 256])
  }

  /// A cast shares the storage of its operand: arithmetic on it must not reach the state.
  @Test func arithmeticOnACastOfAStateLeavesTheState() throws {
    let build = FunctionBuilder(opset: .iOS18)
    let x = build.input("x", .tensor(.float32, fixed: [1]))
    let state = build.input("total", .state(TensorType(.float16, fixed: [1])))
    let sum = try build.mil.add(
      x: build.mil.read_state(input: state), y: build.mil.cast(x: x, dtype: "fp16"))
    try build.emit("write_state", ["input": state, "data": sum])
    let after = try build.mil.cast(x: build.mil.read_state(input: state), dtype: "fp32")
    let y = try build.mil.sub(x: after, y: x)
    let executable = try Executable(Program(functions: [build.finish(outputs: [("y", y)])]))
    let session = try executable.makeState()
    let results = try [2, 5, 1].map { (value: Float) in
      try executable.run(["x": Tensor([value])], state: session)["y"]?.doubles.first
    }
    #expect(results == [0, 2, 7])
  }

  @Test func statesAreReadWrittenCopiedAndReset() throws {
    let executable = try accumulator()
    let state = try executable.makeState()
    #expect(state.names == ["accumulator"])
    _ = try predict(executable, 3, state)
    let kept = try state.read("accumulator")
    let copy = state.copy()
    #expect(try predict(executable, 1, state) == 16)
    #expect(kept.doubles == [3])
    #expect(try copy.read("accumulator").doubles == [3])
    try state.reset()
    #expect(try predict(executable, 2, state) == 4)
    try state.write(Tensor([10], dtype: .float16), to: "accumulator")
    #expect(try predict(executable, 2, state) == 144)
    #expect(try predict(executable, 1, copy) == 16)
  }

  @Test func wrongUsesOfStatesAreRefused() throws {
    let executable = try accumulator()
    let state = try executable.makeState()
    expectFailure("the model has states (accumulator) but none were given") {
      _ = try executable.run(["x": Tensor([1], dtype: .float16)])
    }
    expectFailure("no state is named 'cache' (accumulator)") { _ = try state.read("cache") }
    expectFailure("state 'accumulator' is float16[1], which float32[1] does not fit") {
      try state.write(Tensor([1]), to: "accumulator")
    }
  }

  /// `cache[position] = x`, then `y = cache[check]`, which fails for `check` outside the cache.
  private func cache(updates: Int = 1) throws -> Executable {
    let build = FunctionBuilder(opset: .iOS18)
    let x = build.input("x", .tensor(.float16, fixed: [1, 4]))
    let position = build.input("position", .tensor(.int32, fixed: [1]))
    let check = build.input("check", .tensor(.int32, fixed: [1]))
    let state = build.input("cache", .state(TensorType(.float16, fixed: [8, 4])))
    let zero = Value.ints([0])
    let end = try build.mil.add(x: position, y: 1)
    for _ in 0..<updates {
      let old = try build.mil.read_state(input: state)
      let new = try build.mil.slice_update(
        x: old, update: x, begin: build.mil.concat(values: .many([position, zero]), axis: 0),
        end: build.mil.concat(values: .many([end, .ints([4])]), axis: 0))
      try build.emit("write_state", ["input": state, "data": new])
    }
    let after = try build.mil.read_state(input: state)
    let y = try build.mil.gather(x: after, indices: check, axis: 0)
    return try Executable(Program(functions: [build.finish(outputs: [("y", y)])]))
  }

  private func step(
    _ executable: Executable, _ state: SessionState, at position: Int, check: Int = 0,
    _ value: Float
  ) throws {
    _ = try executable.run(
      [
        "x": Tensor(Array(repeating: value, count: 4), [1, 4], dtype: .float16),
        "position": Tensor(ints: [position]), "check": Tensor(ints: [check]),
      ], state: state)
  }

  private func rows(_ state: SessionState) throws -> [Double] {
    let values = try state.read("cache").doubles
    return (0..<8).map { values[4 * $0] }
  }

  @Test(arguments: [1, 2])
  func aSliceUpdateOfAStateIsInPlace(_ updates: Int) throws {
    let executable = try cache(updates: updates)
    let state = try executable.makeState()
    try step(executable, state, at: 0, 1)
    let storage = ObjectIdentifier(try state.read("cache").memory)
    for position in 1..<8 { try step(executable, state, at: position, Float(position + 1)) }
    #expect(ObjectIdentifier(try state.read("cache").memory) == storage)
    #expect(try rows(state) == [1, 2, 3, 4, 5, 6, 7, 8])
  }

  @Test func aTensorReadFromAStateDoesNotChange() throws {
    let executable = try cache()
    let state = try executable.makeState()
    let before = try state.read("cache")
    let copy = state.copy()
    try step(executable, state, at: 3, 5)
    #expect(before.doubles.allSatisfy { $0 == 0 })
    #expect(try rows(copy).allSatisfy { $0 == 0 })
    #expect(try rows(state)[3] == 5)
  }

  @Test(arguments: [1, 2])
  func aFailedPredictionLeavesTheStateAsItWas(_ updates: Int) throws {
    let executable = try cache(updates: updates)
    let state = try executable.makeState()
    try step(executable, state, at: 2, 7)
    let held = try state.read("cache")
    #expect(throws: (any Error).self) {
      try step(executable, state, at: 2, check: 99, 9)
    }
    #expect(try rows(state) == [0, 0, 7, 0, 0, 0, 0, 0])
    try step(executable, state, at: 3, 8)
    #expect(held.doubles[12] == 0)
    #expect(try rows(state) == [0, 0, 7, 8, 0, 0, 0, 0])
  }

  @Test func aFailureAfterAnUpdateInPlaceIsUndone() throws {
    let executable = try cache()
    let state = try executable.makeState()
    try step(executable, state, at: 2, 7)
    for check in [8, -9, 1000] {
      #expect(throws: (any Error).self) { try step(executable, state, at: 2, check: check, 9) }
      #expect(try rows(state) == [0, 0, 7, 0, 0, 0, 0, 0])
    }
  }
}
