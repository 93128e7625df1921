// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Passes
import Tensors
import Testing

@Suite struct SetInterfaceTypesTests {
  private func rewritten(_ text: String, floats: DType?) throws -> Function {
    var program = try Program(text: text)
    var context = PassContext()
    try PassPipeline([SetInterfaceTypes(floats: floats)]).run(on: &program, &context)
    #expect(program.verify().isEmpty)
    return try #require(program.functions.first)
  }

  private static let text = """
    func main(%x: float32[4], %i: int32[4]) opset CoreML8 {
      %a: float32[4] = exp(x: %x) @ "first (model.py:1)"
      %b: float32[4] = add(x: %a, y: %x) @ "second (model.py:2)"
      %y: float32[4] = identity(x: %b) @ "third (model.py:3)"
      return %y
    }
    """

  @Test func castsAreOfTheOperationsBesideThem() throws {
    let function = try rewritten(Self.text, floats: .float16)
    let types = (function.inputs + function.body.outputs).map { "\(function.values[$0].type)" }
    #expect(types == ["float16[4]", "int32[4]", "float16[4]"])
    let casts = function.body.operations.filter { $0.type == "cast" }
    #expect(casts.map { $0.origin?.module } == ["first", "third"])
    #expect(casts.map { $0.origin?.sourceLine } == ["model.py:1", "model.py:3"])
    #expect(function.body.operations.allSatisfy { $0.origin != nil })
  }

  @Test func nothingIsChangedThatIsAsWanted() throws {
    for floats in [nil, DType.float32] {
      let function = try rewritten(Self.text, floats: floats)
      #expect(function.body.operations.map(\.type) == ["exp", "add", "identity"])
    }
  }
}
