// SPDX-License-Identifier: Apache-2.0
import Containers
import MIL
import ONNXFrontend
import Tensors
import Testing

/// Inputs and outputs of converted models, and the shapes that models compute for themselves.
@Suite struct InterfaceTests {
  private func lower(
    _ message: ProtoMessage, _ options: ONNXLoweringOptions = ONNXLoweringOptions()
  ) throws -> Function {
    let program = try Scratch().read(message).lower(opset: .iOS18, options: options)
    return try #require(program.functions.first)
  }

  private func types(_ ids: [ValueID], _ function: Function) -> [String] {
    ids.map { "\(function.values[$0].name): \(function.values[$0].type)" }
  }

  @Test(arguments: [
    (1, "float32"), (10, "float16"), (11, "float32"), (16, "float32"), (7, "int32"), (6, "int32"),
    (2, "int32"), (13, "int32"), (9, "int32"),
  ]) func elementTypes(_ code: Int, _ name: String) throws {
    let function = try lower(
      Onnx.model(
        Onnx.graph(
          [Onnx.node("Identity", ["x"], ["y"])], inputs: [Onnx.value("x", ["2"], type: code)],
          outputs: [Onnx.value("y", ["2"], type: code)])))
    #expect(types(function.inputs, function) == ["x: \(name)[2]"])
    #expect(types(function.body.outputs, function) == ["y: \(name)[2]"])
  }

  @Test func namesBecomeIdentifiersAndOutputsKeepTheirs() throws {
    let function = try lower(
      Onnx.model(
        Onnx.graph(
          // `y` is also what MIL calls an operand.
          [Onnx.node("Pow", ["input.1", "e"], ["y"], name: "y")],
          inputs: [Onnx.value("input.1", ["2"])], outputs: [Onnx.value("y", ["2"])],
          initializers: [Onnx.floats("e", [], [3])])))
    #expect(types(function.inputs, function) == ["input_1: float32[2]"])
    #expect(types(function.body.outputs, function) == ["y: float32[2]"])
  }

  @Test func initializersAreNoInputs() throws {
    let function = try lower(
      Onnx.model(
        Onnx.graph(
          [Onnx.node("Add", ["x", "w"], ["y"])],
          inputs: [Onnx.value("x", ["2"]), Onnx.value("w", ["2"])],
          outputs: [Onnx.value("y", ["2"])], initializers: [Onnx.tensor("w", [2])])))
    #expect(types(function.inputs, function) == ["x: float32[2]"])
  }

  @Test func scalarsHaveAnAxisAtTheInterface() throws {
    let function = try lower(
      Onnx.model(
        Onnx.graph(
          [Onnx.node("Relu", ["x"], ["y"])], inputs: [Onnx.value("x", [])],
          outputs: [Onnx.value("y", [])])))
    #expect(types(function.inputs, function) == ["x: float32[1]"])
  }

  private let dynamic = Onnx.model(
    Onnx.graph(
      [Onnx.node("Add", ["a", "b"], ["y"])],
      inputs: [Onnx.value("a", ["batch", "?"]), Onnx.value("b", ["batch", "1"])],
      outputs: [Onnx.value("y", nil)]))

  @Test func dynamicExtentsKeepTheirNames() throws {
    let function = try lower(dynamic)
    #expect(
      types(function.inputs, function) == ["a: float32[batch, d0]", "b: float32[batch, 1]"])
    #expect(types(function.body.outputs, function) == ["y: float32[batch, d0]"])
    #expect(function.symbols["batch"]?.lower == 1 && function.symbols["batch"]?.upper == nil)
  }

  @Test func aShapeGivenDecidesEveryUseOfItsNames() throws {
    var options = ONNXLoweringOptions()
    options.inputShapes["a"] = [.fixed(4), .range(1, 64)]
    let function = try lower(dynamic, options)
    #expect(types(function.inputs, function).last == "b: float32[4, 1]")
    let symbol = try #require(function.values[function.inputs[0]].type.tensor?.shape[1].symbol)
    #expect(function.symbols[symbol] == .init(lower: 1, upper: 64, example: 1))
  }

  @Test func enumeratedExtents() throws {
    var options = ONNXLoweringOptions()
    options.inputShapes["a"] = [.enumerated([8, 1, 4]), .fixed(3)]
    let function = try lower(dynamic, options)
    #expect(
      function.symbols["batch"] == .init(lower: 1, upper: 8, example: 8, allowed: [8, 1, 4]))
  }

  /// A kernel of five elements does not fit the smallest extent; images are a little larger.
  @Test(arguments: [(["1", "2", "t"], [8]), (["n", "2", "h", "w"], [1, 64, 64])])
  func defaultExtentsPassTheModel(_ shape: [String], _ expected: [Int]) throws {
    let kernel = Onnx.attribute("kernel_shape", ints: Array(repeating: 5, count: shape.count - 2))
    let function = try lower(
      Onnx.model(
        Onnx.graph(
          [Onnx.node("MaxPool", ["x"], ["y"], [kernel])], inputs: [Onnx.value("x", shape)],
          outputs: [Onnx.value("y", nil)])))
    let symbols = try #require(function.values[function.inputs[0]].type.tensor).shape
      .compactMap(\.symbol)
    #expect(symbols.map { function.symbols[$0]?.example } == expected)
  }

  /// The shape that a model puts together from that of its input: `[N, 12 / 4, 4]`.
  @Test func computedShapesAreKnown() throws {
    let function = try lower(
      Onnx.model(
        Onnx.graph(
          [
            Onnx.node("Shape", ["x"], ["s"]), Onnx.node("Gather", ["s", "zero"], ["n"]),
            Onnx.node("Unsqueeze", ["n", "axes"], ["n1"]),
            Onnx.node("Gather", ["s", "one"], ["c"]), Onnx.node("Div", ["c", "four"], ["q"]),
            Onnx.node("Unsqueeze", ["q", "axes"], ["q1"]),
            Onnx.node("Concat", ["n1", "q1", "rest"], ["t"], [Onnx.attribute("axis", int: 0)]),
            Onnx.node("Reshape", ["x", "t"], ["y"]),
          ], inputs: [Onnx.value("x", ["N", "12"])], outputs: [Onnx.value("y", nil)],
          initializers: [
            Onnx.longs("zero", [0], shape: []), Onnx.longs("one", [1], shape: []),
            Onnx.longs("four", [4], shape: []), Onnx.longs("axes", [0]), Onnx.longs("rest", [4]),
          ])))
    #expect(types(function.body.outputs, function) == ["y: float32[N, 3, 4]"])
    let kinds = Set(function.body.operations.map(\.type))
    #expect(kinds == ["const", "reshape", "identity"])
  }

  @Test func provenanceNamesTheNode() throws {
    let function = try lower(Onnx.simple([Onnx.node("Relu", ["x"], ["y"], name: "net/relu")]))
    let relu = try #require(function.body.operations.first { $0.type == "relu" })
    #expect(relu.name == "net_relu")
    #expect(relu.origin?.operation == "Relu" && relu.origin?.node == "net/relu")
  }
}
