// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors
import Testing

@Suite struct TextTests {
  /// One of everything that the form has, as the printer writes it.
  static let everything = """
    program {tool = string[] "modelpack"}

    func main(%x: float16[1, T, 64], %ids: int32[`batch size`, floordiv(T + 1, 2)], \
    %cache: state<float16[1, 8, 64]>) opset CoreML8 where T in 1...512 example 64, U in {1, 4}, \
    V in 2... of {2, 8}, `batch size` in 0... {note = string[] "a \\"b\\"\\n"} {
      %w = const() {val = float16[64, 64] weights(abc)}
      %ints = const() {val = int32[2, 1] [-1, 2147483647]}
      %halves = const() {val = float16[5] [0.1, -0.0, inf, -inf, 65504.0]}
      %nan = const() {val = float32[] nan}
      %nibbles = const() {val = int4[3] [-8, 7, 0]}
      %bits = const() {val = uint1[9] [1, 0, 1, 1, 0, 0, 0, 1, 1]}
      %sixes = const() {val = uint6[3] [63, 0, 21]}
      %wide = const() {val = uint64[1] bytes("ffffffffffffff7f")}
      %flags = const() {val = bool[2] [true, false]}
      %words = const() {val = string[2] ["a", "\\u{1}"]}
      %empty = const() {val = int32[0] []}
      %labels = const() {val = list<string[], 2>(string[] "a", string[] "b")}
      %pair = const() {val = tuple(int32[] 1, dictionary(string[] "k": int64[] 2))}
      %"odd name": float16[1, T, 64] = linear(x: %x, weight: %w) @ "layers.0 (model.py:12)"
      %a: float16[1, T, 32], %b: float16[1, T, 32] = split(x: %x, num_splits: int32[] 2, \
    axis: int32[] -1) as halves_of_x {hint = int32[] 1} @ [node: "split_1", module: "m"]
      %j: float16[2, T, 64] = concat(values: (%x, %"odd name"), axis: int32[] 0)
      %i: int32[], %v: float16[d0, 64] = while_loop(loop_vars: (%ints, %j)) (%i0: int32[], \
    %v0: float16[d0, 64]) {
        %go: bool[] = less(x: %i0, y: %i0)
        return %go
      } (%i0: int32[], %v0: float16[d0, 64]) {mark = bool[] true} {
        %s: tuple<list<int32[], ?>, state<int8[1]>> = mystery(x: %i0)
        return %i0, %v0
      }
      write_state(input: %cache, data: %x)
      %done: float16[1, 8, 64] = read_state(input: %cache)
      return %done, %i
    } specialization CoreML9 {
      return %x
    }

    func other() opset CoreML5 {
      return
    }

    """

  @Test func everythingReadsBack() throws {
    let program = try Program(text: Self.everything)
    #expect(program.text == Self.everything)
  }

  @Test func partsAreWhatTheTextSays() throws {
    let function = try Program(text: Self.everything).functions[0]
    #expect(function.symbols["T"] == .init(lower: 1, upper: 512, example: 64))
    #expect(function.symbols["U"]?.allowed == [1, 4])
    #expect(function.values[function.inputs[2]].type.state?.shape == [1, 8, 64])
    let operations = function.body.operations
    let data = { (operation: MIL.Operation) in
      let constant = try #require(function.values[operation.outputs[0]].constant)
      let data = try constant.smallTensor()
      return try #require(data)
    }
    let split = try #require(operations.first { $0.type == "split" })
    #expect(split.name == "halves_of_x")
    #expect(split.origin == Location(node: "split_1", module: "m"))
    #expect(split.attributes.map(\.name) == ["hint"])
    let linear = try #require(operations.first { $0.type == "linear" })
    #expect(linear.origin == Location(module: "layers.0", sourceLine: "model.py:12"))
    let halves = try data(operations[2])
    #expect(halves.bytes == [0x66, 0x2e, 0, 0x80, 0, 0x7c, 0, 0xfc, 0xff, 0x7b])
    let bits = try data(operations[5])
    #expect(bits.bytes == [0b1000_1101, 1])
  }

  @Test("typed by inference, with constants of the dtype that the signature asks for")
  func inference() throws {
    let program = try Program(
      text: """
        func main(%x: float16[1, T, 64]) opset CoreML8 where T in 1... {
          // A comment; literals become constants.
          %n = layer_norm(x: %x, axes: [-1], epsilon: 0.00001)
          %r = reshape(x: %n, shape: [1, -1, 8, 8])
          %y = softmax(x: %r, axis: -1)
          return %y
        }
        """)
    #expect(
      program.text(.bare) == """
        func main(%x: float16[1, T, 64]) opset CoreML8 where T in 1... {
          %n: float16[1, T, 64] = layer_norm(x: %x, axes: const int32[1] [-1], \
        epsilon: const float16[] 1e-05)
          %r: float16[1, T, 8, 8] = reshape(x: %n, shape: const int32[4] [1, -1, 8, 8])
          %y: float16[1, T, 8, 8] = softmax(x: %r, axis: const int32[] -1)
          return %y
        }

        """)
    #expect(try Program(text: program.text(.bare)).text(.bare) == program.text(.bare))
    #expect(try Program(text: program.text).text == program.text)
  }

  @Test func optionsHideWhatIsNotAskedFor() throws {
    let text = """
      func main(%x: float16[2]) opset CoreML8 {
        %w = const() {val = float16[3] [1.0, 2.0, 3.0]}
        %y: float16[2] = relu(x: %x) @ "m (f.py:1)"
        return %y
      }

      """
    var options = TextOptions()
    options.showsOrigins = false
    options.showsTypes = false
    options.mostElements = 2
    let shown = try Program(text: text).text(options)
    #expect(shown.contains("  %y = relu(x: %x)\n"))
    #expect(shown.contains("%w = const() {val = float16[3] weights("))
  }

  @Test func weightsAreLookedUp() throws {
    let source = MemorySource(TensorData(float32: [1, 2]))
    let program = try Program(
      text: "func main() opset CoreML8 { %w = const() {val = float32[2] weights(w)} return %w }",
      weights: { id, dtype, shape in
        id == "w" && dtype == .float32 && shape == [2] ? source : nil
      })
    let function = program.functions[0]
    #expect(try function.values[function.body.outputs[0]].constant?.tensorData()?.floats == [1, 2])
  }

  @Test func builtFunctionsReadBack() throws {
    let build = FunctionBuilder(opset: .iOS18)
    build.symbols["T"] = .init(lower: 1, upper: 8)
    let x = build.input("x", .tensor(.float16, [1, .symbol("T"), 4]))
    let cache = build.input("cache", .state(TensorType(.float16, [1, 8, 4])))
    build.origin = Location(operation: "aten.copy_", module: "m", sourceLine: "f.py:(3)")
    let old = try build.mil.read_state(input: cache)
    let new = try build.mil.slice_update(
      x: old, update: x, begin: .dims([0, 2, 0]), end: .dims([1, .symbol("T") + 2, 4]))
    try build.emit("write_state", ["input": cache, "data": new])
    let weight = build.const(
      "w", .numbers(try TensorData(Array(repeating: 0.5, count: 40), as: .float16)))
    let function = try build.finish(outputs: [
      ("y", try build.mil.read_state(input: cache)), ("w", weight),
    ])
    let program = Program(functions: [function])
    #expect(try Program(text: program.text).text == program.text)
    #expect(program.text.contains("write_state(input: %cache, data: %slice_update)"))
  }
}
