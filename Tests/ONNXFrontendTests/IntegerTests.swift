// SPDX-License-Identifier: Apache-2.0
import Containers
import ONNXFrontend
import ReferenceExecutor
import Tensors
import Testing

/// Integers wider than Core ML's, and shifts.
@Suite struct IntegerTests {
  /// What `y` is for integer inputs, by name.
  private func run(_ message: ProtoMessage, _ inputs: [String: [Int]]) throws -> [Int] {
    let folder = Scratch()
    let executable = try Executable(folder.read(message).lower(opset: .iOS18))
    let results = try executable.run(inputs.mapValues { try Tensor(ints: $0) })
    return try #require(results["y"]).integers
  }

  private func shift(_ direction: String, _ type: Int, shifts: ProtoMessage? = nil) -> ProtoMessage
  {
    let inputs = [Onnx.value("x", ["4"], type: type), Onnx.value("s", ["4"], type: type)]
    return Onnx.model(
      Onnx.graph(
        [
          Onnx.node(
            "BitShift", ["x", "s"], ["y"], name: "b",
            [Onnx.attribute("direction", string: direction)])
        ], inputs: shifts == nil ? inputs : [inputs[0]],
        outputs: [Onnx.value("y", ["4"], type: type)], initializers: shifts.map { [$0] } ?? []))
  }

  private static let uint8 = 2
  private static let uint32 = 12
  private static let int32 = 6

  @Test(arguments: [
    ("LEFT", uint8, [255, 1, 1, 129], [1, 7, 8, 200], [254, 128, 0, 0]),
    ("RIGHT", uint8, [255, 128, 255, 255], [1, 7, 8, 200], [127, 1, 0, 0]),
    ("LEFT", uint8, [3, 3, 3, 3], [0, -1, 40, 2], [3, 0, 0, 12]),
    ("RIGHT", uint32, [1 << 30, 7, 7, 7], [30, 31, 32, -1], [1, 0, 0, 0]),
    ("LEFT", uint32, [1, 7, 7, 7], [30, 32, 1000, 0], [1 << 30, 0, 0, 7]),
  ]) func shifts(
    _ direction: String, _ type: Int, _ x: [Int], _ places: [Int], _ y: [Int]
  ) throws {
    #expect(try run(shift(direction, type), ["x": x, "s": places]) == y)
  }

  @Test func shiftsThatCannotBeExpressed() throws {
    let folder = Scratch()
    let far = shift(
      "LEFT", Self.uint32,
      shifts: Onnx.tensor("s", [1], type: Self.uint32, bytes: [31, 0, 0, 0]))
    #expect(
      messages { _ = try folder.read(far).lower(opset: .iOS18) } == [
        "BitShift 'b': shifts uint32 left by 31, past what int32 can hold"
      ])
    #expect(
      messages { _ = try folder.read(shift("LEFT", Self.int32)).lower(opset: .iOS18) } == [
        "BitShift 'b': input 'X' is of type int32, not an unsigned integer"
      ])
  }

  @Test(arguments: [
    (1 << 32, "4294967296"), (Int.max, "9223372036854775807"), (-(1 << 31) - 1, "-2147483649"),
  ]) func weightsPastInt32(_ value: Int, _ text: String) throws {
    var values = [Int](repeating: 7, count: 5000)
    values[4998] = value
    let model = Onnx.model(
      Onnx.graph(
        [Onnx.node("Gather", ["w", "x"], ["y"], name: "g")],
        inputs: [Onnx.value("x", ["2"], type: 7)], outputs: [Onnx.value("y", ["2"], type: 7)],
        initializers: [Onnx.longs("w", values)]))
    let folder = Scratch()
    #expect(
      messages { _ = try folder.read(model).lower(opset: .iOS18) } == [
        "Gather 'g': tensor 'w' of type int64 holds \(text), which int32 cannot hold"
      ])
  }

  @Test func numbersPastInt32ThatMeanNoLimit() throws {
    let open = [Onnx.longs("end", [Int.max]), Onnx.longs("most", [Int.max], shape: [])]
    let slice = Onnx.model(
      Onnx.graph(
        [
          Onnx.node("Slice", ["x", "start", "end"], ["t"]),
          Onnx.node("Clip", ["t", "", "most"], ["y"]),
        ],
        inputs: [Onnx.value("x", ["4"], type: 7), Onnx.value("start", ["1"], type: 7)],
        outputs: [Onnx.value("y", nil, type: 7)], initializers: open))
    #expect(try run(slice, ["x": [1, 2, 3, 4], "start": [1]]) == [2, 3, 4])
    #expect(try run(slice, ["x": [1, 2, 3, 4], "start": [-1]]) == [4])
  }
}
