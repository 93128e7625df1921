// SPDX-License-Identifier: Apache-2.0
import MIL
import Testing

@Suite struct ShapeInferenceTests {
  @Test(
    "fixed shapes agree with coremltools",
    arguments: ShapeCase.gathers + ShapeCase.transformations + ShapeCase.operations
      + ShapeCase.compression)
  func fixed(_ problem: ShapeCase) throws {
    #expect(try problem.inferred() == problem.results)
  }

  @Test(
    "what coremltools does not build alone",
    arguments: ShapeCase.special)
  func special(_ problem: ShapeCase) throws {
    #expect(try problem.inferred() == problem.results)
  }

  @Test(
    "symbolic shapes",
    arguments: ShapeCase.symbolic)
  func symbolic(_ problem: ShapeCase) throws {
    #expect(try problem.inferred() == problem.results)
  }

  @Test func shapesComputedByTheProgram() throws {
    let program = try Program(
      text: """
        func main(%x: float16[1, T, 64], %cache: float16[1, 512, 64], %pos: int32[1])
          opset CoreML8 where T in 1...512
        {
          %s = shape(x: %x)
          %t = gather(x: %s, indices: 1, axis: 0)
          %four = expand_dims(x: %t, axes: [0])
          %parts = concat(values: (%four, const int32[2] [8, 8]), axis: 0)
          %short = cast(x: %parts, dtype: "int16")
          %heads = reshape(x: %x, shape: %short)
          %positions = range_1d(end: %t, start: 0, step: 1)
          %doubled = mul(x: %t, y: 2)
          %zeros = fill(shape: %parts, value: 0.0)
          %one_hot = one_hot(indices: %pos, one_hot_vector_size: %doubled)
          %rest = sub(x: 512, y: %t)
          %r = expand_dims(x: %rest, axes: [0])
          %b = concat(values: (const int32[1] [0], %r, const int32[1] [0]), axis: 0)
          %tail = slice_by_index(x: %cache, begin: %b, end: [1, 512, 64])
          return %heads, %positions, %zeros, %one_hot, %tail
        }
        """)
    let function = program.functions[0]
    #expect(
      function.body.outputs.map { function.values[$0].type.description } == [
        "float16[T, 8, 8]", "int32[T]", "float32[T, 8, 8]", "int32[1, 2 * T]", "float16[1, T, 64]",
      ])
  }

  @Test func loopsGeneralizeWhatChanges() throws {
    let program = try Program(
      text: """
        func main(%n: int32[], %x: float32[T, 2]) opset CoreML5 where T in 0... {
          %count, %all = while_loop(loop_vars: (%n, %x)) (%i: int32[], %a: float32[T, 2]) {
            %go = greater(x: %i, y: 0)
            return %go
          } (%j: int32[], %b: float32[S, 2]) {
            %k = sub(x: %j, y: 1)
            %c = concat(values: (%b, %x), axis: 0)
            return %k, %c
          }
          %p = greater(x: %n, y: 0)
          %r = cond(pred: %p) {
            %w = concat(values: (%x, %x), axis: 0)
            return %w
          } {
            return %x
          }
          return %count, %all, %r
        }
        """)
    let function = program.functions[0]
    let types = function.body.outputs.map { function.values[$0].type.description }
    #expect(types[0] == "int32[]")
    // Every pass through the loop and every choice may give another extent.
    for type in types[1...] { #expect(type.hasPrefix("float32[d") && type.hasSuffix(", 2]")) }
  }
}
