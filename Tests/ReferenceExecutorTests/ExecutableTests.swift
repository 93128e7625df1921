// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors
import Testing

@testable import ReferenceExecutor

@Suite struct ExecutableTests {
  private func executable(
    _ opset: Opset = .iOS18, _ body: (FunctionBuilder) throws -> Value
  ) throws -> Executable {
    let build = FunctionBuilder(opset: opset)
    let y = try body(build)
    return try Executable(Program(functions: [build.finish(outputs: [("y", y)])]))
  }

  /// `y = x * 2` over `[2, T]` with 1 <= T <= 8.
  private func flexible() throws -> Executable {
    try executable { build in
      build.symbols["T"] = .init(lower: 1, upper: 8)
      let x = build.input("x", .tensor(.float32, [2, .symbol("T")]))
      let mask = build.input("mask", .tensor(.float32, [.symbol("T")]))
      return try build.mil.mul(x: x, y: mask)
    }
  }

  private func zeros(_ shape: [Int], _ dtype: DType = .float32) throws -> Tensor {
    try Tensor(zeros: dtype, shape)
  }

  @Test func flexibleInputsRun() throws {
    let executable = try flexible()
    for extent in [1, 8] {
      let y = try executable.run(["x": zeros([2, extent]), "mask": zeros([extent])])
      #expect(y["y"]?.shape == [2, extent])
    }
  }

  @Test func inputsThatDoNotFitAreRefused() throws {
    let executable = try flexible()
    let good = try zeros([4])
    let cases: [(Tensor?, Tensor, String)] = [
      (nil, good, "input 'x' (float32[2, T]) is missing"),
      (try zeros([2, 4], .float16), good, "input 'x' is float16 but the model takes float32"),
      (
        try zeros([2, 4, 1]), good,
        "input 'x' has shape [2, 4, 1] but the model takes float32[2, T] of rank 2"
      ),
      (try zeros([3, 4]), good, "input 'x' has shape [3, 4]: axis 0 must be 2, not 3"),
      (
        try zeros([2, 5]), good,
        "input 'mask' has shape [4]: axis 0 must be T = 5, not 4"
      ),
      (
        try zeros([2, 9]), try zeros([9]),
        "input 'x' has shape [2, 9]: axis 1 must be in 1...8, not 9"
      ),
    ]
    for (x, mask, message) in cases {
      expectFailure(message) {
        var inputs = ["mask": mask]
        inputs["x"] = x
        _ = try executable.run(inputs)
      }
    }
    expectFailure("no input is named 'z'") {
      _ = try executable.run(["x": zeros([2, 4]), "mask": good, "z": good])
    }
  }

  @Test func allOperationsWithoutAKernelAreNamed() throws {
    var function = Function(name: "main", opset: .iOS18)
    let x = function.values.add(ValueInfo(name: "x", type: .tensor(.float32, fixed: [1])))
    function.inputs = [x]
    var last = x
    for type in ["frobnicate", "transmogrify"] {
      var operation = Operation(type, name: type)
      operation.inputs = [.init("x", [.value(last)])]
      last = function.values.add(ValueInfo(name: type, type: .tensor(.float32, fixed: [1])))
      operation.outputs = [last]
      function.body.operations.append(operation)
    }
    function.body.outputs = [last]
    do {
      _ = try Executable(Program(functions: [function]))
      Issue.record("nothing was thrown")
    } catch let list as DiagnosticList {
      #expect(
        list.diagnostics.map(\.message) == [
          "the executor has no kernel for 'frobnicate'",
          "the executor has no kernel for 'transmogrify'",
        ])
    }
  }

  @Test func everyOperationOfTheCatalogueHasAKernel() {
    let missing = Catalogue.standard.specs.keys.filter {
      Kernel.byName[$0] == nil && !Kernel.builtIn.contains($0)
    }
    #expect(missing.sorted() == [])
    #expect(Kernel.byName.count == Kernel.all.count)
  }

  @Test func branchesAndLoopsRun() throws {
    // Doubles x until it is at least 100, then negates it if `flag` is set.
    let executable = try executable { build in
      let x = build.input("x", .tensor(.float32, fixed: []))
      let flag = build.input("flag", .tensor(.bool, fixed: []))
      let type = ValueType.scalar(.float32)
      let condition = try build.block(inputs: [("a", type)]) {
        [try build.mil.less(x: $0[0], y: 100.0)]
      }
      let body = try build.block(inputs: [("b", type)]) { [try build.mil.mul(x: $0[0], y: 2.0)] }
      let grown = try build.emit(
        "while_loop", ["loop_vars": .many([x])], blocks: [condition, body])
      let yes = try build.block { _ in [try build.mil.mul(x: grown[0], y: -1.0)] }
      let no = try build.block { _ in [try build.mil.identity(x: grown[0])] }
      return try build.emit("cond", ["pred": flag], blocks: [yes, no])[0]
    }
    for (flag, expected) in [(0, 192.0), (1, -192.0)] {
      let y = try executable.run([
        "x": Tensor([3], []), "flag": Tensor(ints: [flag], [], dtype: .bool),
      ])
      #expect(y["y"]?.doubles == [expected])
    }
  }

  @Test func constantsAreDecodedOnceAndShared() throws {
    let weight = MemorySource(TensorData(float32: [1, 2, 3, 4], shape: [2, 2]))
    let executable = try executable { build in
      let x = build.input("x", .tensor(.float32, fixed: [2, 2]))
      let a = build.const("a", Constant(weight))
      let b = build.const("b", Constant(weight))
      return try build.mil.add(x: build.mil.mul(x: x, y: a), y: b)
    }
    let y = try executable.run(["x": Tensor([1, 1, 1, 1], [2, 2])])
    #expect(y["y"]?.doubles == [2, 4, 6, 8])
  }

  @Test func overflowOfFloat16HappensHere() throws {
    let executable = try executable { build in
      let x = build.input("x", .tensor(.float16, fixed: [1]))
      return try build.mil.sub(x: build.mil.mul(x: x, y: x), y: 1.0)
    }
    #expect(try executable.run(["x": Tensor([300], dtype: .float16)])["y"]?.doubles == [.infinity])
  }

  @Test func intermediateValuesAreReported() throws {
    let executable = try executable { build in
      let x = build.input("x", .tensor(.float32, fixed: [1]))
      return try build.mil.exp(x: build.mil.sqrt(x: x))
    }
    var seen: [String: [Double]] = [:]
    _ = try executable.run(
      ["x": Tensor([0])], observer: { _, name, tensor in seen[name] = tensor.doubles })
    #expect(seen["sqrt"] == [0])
    #expect(seen["exp"] == [1])
  }

  @Test func tensorsThatDoNotFitInMemoryAreRefused() throws {
    let executable = try executable { build in
      let x = build.input("shape", .tensor(.int32, fixed: [3]))
      return try build.mil.fill(shape: x, value: 0.0)
    }
    for shape in [[1 << 30, 1 << 30, 1 << 30], [1 << 20, 1 << 20, 1], [-1, 2, 3]] {
      do {
        _ = try executable.run(["shape": Tensor(ints: shape)])
        Issue.record("\(shape) was not refused")
      } catch let diagnostic as Diagnostic {
        #expect(diagnostic.message.hasPrefix("fill: a result of shape \(shape)"))
      }
    }
  }

  @Test func onePlanRunsOnSeveralThreads() async throws {
    let executable = try flexible()
    try await withThrowingTaskGroup(of: [Double]?.self) { group in
      for k in 0..<16 {
        group.addTask {
          let x = try Tensor(Array(repeating: Float(k), count: 16), [2, 8])
          let mask = try Tensor(Array(repeating: 1, count: 8))
          return try executable.run(["x": x, "mask": mask])["y"]?.doubles
        }
      }
      var sums: Set<Double> = []
      for try await values in group { sums.insert(values?.reduce(0, +) ?? -1) }
      #expect(sums == Set((0..<16).map { Double($0 * 16) }))
    }
  }
}
