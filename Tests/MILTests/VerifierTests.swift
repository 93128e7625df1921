// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors
import Testing

/// Sound functions with one thing broken, and everything the verifier says about them.
@Suite struct VerifierTests {
  /// `y = relu(softmax(x, axis: -1) + 2)` over `x: float16[1, T]`, and a state.
  static func sound() throws -> Function {
    let build = FunctionBuilder(opset: .iOS18)
    let x = build.input("x", .tensor(.float16, [1, .symbol("T")]))
    _ = build.input("cache", .state(TensorType(.float16, fixed: [4])))
    let softmax = try build.mil.softmax(x: x, axis: -1)
    let sum = try build.mil.add(x: softmax, y: 2.0)
    return try build.finish(outputs: [("y", build.mil.relu(x: sum))])
  }

  @Test func soundFunctionsPass() throws {
    #expect(try Self.sound().verify() == [])
    #expect(try Program(functions: [Self.sound()]).verify() == [])
  }

  struct Broken: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let expected: [String]
    let damage: @Sendable (inout Function) -> Void

    init(
      _ name: String, _ expected: String..., damage: @escaping @Sendable (inout Function) -> Void
    ) {
      testDescription = name
      self.expected = expected
      self.damage = damage
    }
  }

  @Test(arguments: Broken.all) func says(_ broken: Broken) throws {
    var function = try Self.sound()
    broken.damage(&function)
    #expect(function.verify().map(\.message) == broken.expected)
  }

  @Test func saysWhere() throws {
    var function = try Self.sound()
    let index = function.body.operations.firstIndex { $0.type == "relu" } ?? 0
    function.body.operations[index].type = "gelu_magic"
    let plain = try #require(function.verify().first)
    #expect(plain.location == Location(operation: "gelu_magic", node: "relu"))
    #expect(plain.code == .unsupportedOperation)
    let origin = Location(operation: "aten.relu.default", module: "layers.0")
    function.body.operations[index].origin = origin
    #expect(function.verify().first?.location == origin)
  }

  @Test func everythingAtOnce() throws {
    var function = try Self.sound()
    for (index, operation) in function.body.operations.enumerated() where operation.type != "const"
    {
      function.body.operations[index].type = "no_\(operation.type)"
    }
    #expect(
      function.verify().map(\.message) == [
        "'no_softmax' is no operation of MIL", "'no_add' is no operation of MIL",
        "'no_relu' is no operation of MIL", "'no_identity' is no operation of MIL",
      ])
  }

  @Test func programs() throws {
    #expect(Program().verify().map(\.message) == ["the program has no functions"])
    var first = try Self.sound()
    var second = try Self.sound()
    second.name = "main"
    first.body.outputs = [ValueID(index: 99)]
    let found = Program(functions: [first, second]).verify()
    #expect(
      found.map(\.message) == [
        "a result of the block is value 99, which the function does not list",
        "two functions have the name 'main'",
      ])
    #expect(found[0].notes == ["in function 'main'"])
    second.name = "2nd"
    #expect(
      Program(functions: [second]).verify().map(\.message)
        == ["the function name '2nd' is not an identifier"])
  }

  /// Values of one branch are not visible in the other, nor after it.
  @Test func blocks() throws {
    let build = FunctionBuilder(opset: .iOS17)
    let x = build.input("x", .tensor(.float16, fixed: [2]))
    let flag = build.input("flag", .scalar(.bool))
    let yes = try build.block { _ in [try build.mil.relu(x: x)] }
    let no = try build.block { _ in [try build.mil.sigmoid(x: x)] }
    let choice = try build.emit("cond", ["pred": flag], blocks: [yes, no])[0]
    var function = try build.finish(outputs: [("y", choice)])
    #expect(function.verify() == [])

    let index = try #require(function.body.operations.firstIndex { $0.type == "cond" })
    // Blocks may use one name for two values; a block and what is around it may not.
    let names = function.body.operations[index].blocks.flatMap(\.outputs)
    function.values[names[1]].name = function.values[names[0]].name
    #expect(function.verify() == [])
    function.values[names[0]].name = "x"
    #expect(function.verify().map(\.message) == ["two values have the name 'x'"])
    function.values[names[0]].name = "relu"

    let inner = function.body.operations[index].blocks[0].outputs
    function.body.operations[index].blocks[1].outputs = inner
    function.body.outputs = inner
    #expect(
      function.verify().map(\.message) == [
        "a result of the block is 'relu', which is local to another block",
        "a result of the block is 'relu', which is local to another block",
      ])
  }

  /// coremltools binds the operands of `constexpr_*` to literals, before iOS 18 as attributes.
  @Test(arguments: [Opset.iOS16, .iOS18]) func constantExpressions(_ opset: Opset) throws {
    let build = FunctionBuilder(opset: opset)
    let x = build.input("x", .tensor(.float16, fixed: [1, 3]))
    let weight = build.const(
      "weight", Constant(TensorData(float16: [1, 2, 3, 4, 5, 6], shape: [2, 3])))
    var function = try build.finish(outputs: [("y", build.mil.linear(x: x, weight: weight))])
    var expression = Operation("constexpr_cast", name: "weight", outputs: [try #require(weight.id)])
    let source = Constant(TensorData(float16: [1, 2, 3, 4, 5, 6], shape: [2, 3]))
    if opset < .iOS18 {
      expression.attributes = [
        Attribute("source_val", source), Attribute("output_dtype", Constant(string: "fp32")),
      ]
    } else {
      expression.inputs = [
        .init("source_val", [.literal(source)]),
        .init("output_dtype", [.literal(Constant(string: "fp32"))]),
      ]
    }
    let index = try #require(
      function.body.operations.firstIndex { $0.outputs == expression.outputs })
    function.body.operations[index] = expression
    function.values[expression.outputs[0]].constant = nil
    function.values[expression.outputs[0]].type = .tensor(.float32, fixed: [2, 3])
    let found = function.verify().map(\.message)
    #expect(found == (opset < .iOS17 ? ["linear: 'weight' is float32 but 'x' is float16"] : []))
  }

  @Test func otherBodies() throws {
    var function = try Self.sound()
    function.specializations = ["CoreML12": Block()]
    #expect(
      function.verify().map(\.message) == ["a body for the unknown opset 'CoreML12'"])
  }
}

extension VerifierTests.Broken {
  static let all: [Self] = [
    .init(
      "use before definition",
      "'x' is 'add', which is not defined before it",
      "'x' is 'softmax', which is not defined before it"
    ) { $0.swap("softmax", "relu") },
    .init("a cycle", "'x' is 'relu', which is not defined before it") { function in
      function.bind("x", of: "add", to: function.result("relu"))
    },
    .init("its own result", "'x' is 'relu', which is not defined before it") { function in
      function.bind("x", of: "relu", to: function.result("relu"))
    },
    .init("a value that is not there", "'x' is value 77, which the function does not list") {
      $0.bind("x", of: "relu", to: ValueID(index: 77))
    },
    .init(
      "a result that is not there", "defines value -1, which the function does not list",
      "'x' is 'add', which is not defined before it"
    ) {
      $0.edit("add") { $0.outputs = [ValueID(index: -1)] }
    },
    .init(
      "defined twice", "defines 'softmax', which is defined already",
      "'x' is 'add', which is not defined before it"
    ) { function in
      let softmax = function.result("softmax")
      function.edit("add") { $0.outputs = [softmax] }
    },
    .init("two values of one name", "two values have the name 'softmax'") { function in
      function.values[function.result("add")].name = "softmax"
    },
    .init("a name with a space", "the name 'the sum' is not an identifier") { function in
      function.values[function.result("add")].name = "the sum"
    },
    .init("a reserved name", "the name 'tensor' is not an identifier") { function in
      function.values[function.result("add")].name = "tensor"
    },
    .init("an operation of a later opset", "'read_state' is no operation of iOS17") { function in
      function.opset = .iOS17
      let cache = function.inputs[1]
      function.edit("softmax") {
        $0.type = "read_state"
        $0.inputs = [.init("input", [.value(cache)])]
      }
    },
    .init("an operand that is not there", "softmax: operand 'x' is missing") {
      $0.edit("softmax") { $0.inputs.removeFirst() }
    },
    .init("an operand too many", "relu: has no operand 'alpha' in iOS18") { function in
      let x = function.inputs[0]
      function.edit("relu") { $0.inputs.append(.init("alpha", [.value(x)])) }
    },
    .init("a run-time axis", "softmax: 'axis' must be a constant") { function in
      let x = function.inputs[0]
      function.bind("axis", of: "softmax", to: x)
    },
    .init("an axis outside", "softmax: 'axis' is 5 but the operand has rank 2") { function in
      let axis = function.body.operations[function.index("softmax")].operands[1]
      function.values[axis].constant = Constant(int32: 5)
    },
    .init(
      "a wrong dtype", "add: 'add' is declared float32[1, T] but is float16[1, T]",
      "relu: 'relu' is declared float16[1, T] but is float32[1, T]"
    ) { function in
      function.values[function.result("add")].type = .tensor(.float32, [1, .symbol("T")])
    },
    .init(
      "a wrong extent", "relu: 'relu' is declared float16[2, T] but is float16[1, T]",
      "identity: 'y' is declared float16[1, T] but is float16[2, T]"
    ) { function in
      function.values[function.result("relu")].type = .tensor(.float16, [2, .symbol("T")])
    },
    .init("an extent that is not known") { function in
      function.values[function.result("relu")].type = .tensor(
        .float16, [.symbol("u"), .symbol("v")])
    },
    .init("two results for one", "relu: has 2 results, not 1") { function in
      let id = function.values.add(ValueInfo(name: "more", type: .scalar(.float16)))
      function.edit("relu") { $0.outputs.append(id) }
    },
    .init("a constant without value", "const: 'z' has no value") { function in
      let id = function.values.add(ValueInfo(name: "z", type: .scalar(.float16)))
      function.body.operations.append(Operation("const", name: "c", outputs: [id]))
    },
    .init("a constant of another type", "const: 'c' is declared float16[] but is int32[]") {
      function in
      let info = ValueInfo(name: "c", type: .scalar(.float16), constant: Constant(int32: 1))
      let id = function.values.add(info)
      function.body.operations.append(Operation("const", name: "c", outputs: [id]))
    },
    .init("a constant with operands", "const: must have one result and no operands") { function in
      let x = function.inputs[0]
      function.edit("const") { $0.inputs = [.init("x", [.value(x)])] }
    },
    .init("a state as a tensor", "relu: 'x' must be a tensor, not state<float16[4]>") { function in
      let cache = function.inputs[1]
      function.bind("x", of: "relu", to: cache)
    },
    .init("a state among tensors", "concat: 'values' holds a state") { function in
      let cache = function.inputs[1]
      let id = function.values.add(ValueInfo(name: "joined", type: .tensor(.float16, fixed: [8])))
      var operation = Operation("concat", name: "joined", outputs: [id])
      let axis = Constant(int32: 0)
      operation.inputs = [
        .init("values", [.value(cache), .value(cache)]), .init("axis", [.literal(axis)]),
      ]
      function.body.operations.append(operation)
    },
    .init(
      "a state that is no input", "relu: 'relu' is declared state<float16[1]> but is float16[1, T]",
      "'relu' is a state but not an input of the function",
      "identity: 'x' is a state"
    ) { function in
      function.values[function.result("relu")].type = .state(TensorType(.float16, fixed: [1]))
    },
    .init(
      "a result that is not defined",
      "a result of the block is 'relu', which is not defined before it"
    ) { function in
      let relu = function.result("relu")
      function.body.operations.removeAll { $0.type == "relu" || $0.type == "identity" }
      function.body.outputs = [relu]
    },
  ]
}

extension Function {
  fileprivate func index(_ type: String) -> Int {
    body.operations.firstIndex { $0.type == type } ?? 0
  }

  fileprivate func result(_ type: String) -> ValueID {
    body.operations[index(type)].outputs[0]
  }

  fileprivate mutating func edit(_ type: String, _ change: (inout MIL.Operation) -> Void) {
    change(&body.operations[index(type)])
  }

  fileprivate mutating func bind(_ operand: String, of type: String, to id: ValueID) {
    edit(type) { operation in
      for index in operation.inputs.indices where operation.inputs[index].name == operand {
        operation.inputs[index].arguments = [.value(id)]
      }
    }
  }

  fileprivate mutating func swap(_ a: String, _ b: String) {
    body.operations.swapAt(index(a), index(b))
  }
}
