// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors
import Testing

@Suite struct TargetCheckTests {
  /// A function of one operation, as text, with its violations for an older opset.
  struct Case: CustomTestStringConvertible, Sendable {
    let operation: OperationCase
    let target: Opset
    let expected: [String]
    var testDescription: String { "\(operation.text) for \(target)" }

    init(_ operation: String, for target: Opset, _ expected: String...) {
      self.operation = OperationCase(operation)
      self.target = target
      self.expected = expected
    }

    static let all: [Case] = [
      Case("relu iOS18 x=float16[2]", for: .iOS15),
      Case(
        "scaled_dot_product_attention iOS18 query=float16[8,5,64] key=float16[8,7,64] "
          + "value=float16[8,7,64]", for: .iOS17,
        "needs the MIL operation 'scaled_dot_product_attention', which iOS17 lacks | iOS18"),
      Case(
        "gru iOS18 x=float32[s,2,3] initial_h=float32[2,4] weight_ih=float32[12,3]! "
          + "weight_hh=float32[12,4]! reset_after=true", for: .iOS16,
        "gru: has no operand 'reset_after' in iOS16 | iOS18"),
      // An operand that says what its absence means is nothing to miss.
      Case(
        "gru iOS18 x=float32[s,2,3] initial_h=float32[2,4] weight_ih=float32[12,3]! "
          + "weight_hh=float32[12,4]! reset_after=false", for: .iOS15),
      Case("reduce_argmax iOS17 x=float16[2] output_dtype=\"int32\"", for: .iOS16),
      Case(
        "reduce_argmax iOS17 x=float16[2] output_dtype=\"uint16\"", for: .iOS16,
        "reduce_argmax: has no operand 'output_dtype' in iOS16 | iOS17"),
      Case(
        "leaky_relu iOS17 x=float16[2] alpha=float32[]!", for: .iOS15,
        "leaky_relu: 'alpha' is float32 but 'x' is float16 | iOS17"),
      Case(
        "conv iOS17 x=float16[1,3,8] weight=float16[4,3,3] bias=float16[4]", for: .iOS16,
        "conv: 'bias' must be a constant | iOS17"),
      Case(
        "cast iOS17 x=float16[2] dtype=\"int8\"", for: .iOS16,
        "cast: 'dtype' is 'int8', not one of fp16, fp32, int32, bool | iOS17"),
      Case(
        "conv iOS16 x=float16[1,3,8] weight=float16[4,3,3]! pad_type=\"same_lower\"",
        for: .iOS15, "conv: 'pad_type' is 'same_lower', which iOS15 does not allow | iOS16"),
      Case(
        "lstm iOS17 x=float16[s,2,3] initial_h=float16[2,4] initial_c=float16[2,4] "
          + "weight_ih=float16[16,3]! weight_hh=float16[16,4]!", for: .iOS16,
        "lstm: 'x' is float16, which iOS16 does not allow (float32) | iOS17",
        "lstm: 'initial_h' is float16, which iOS16 does not allow (float32) | iOS17",
        "lstm: 'initial_c' is float16, which iOS16 does not allow (float32) | iOS17",
        "lstm: 'weight_ih' is float16, which iOS16 does not allow (float32) | iOS17",
        "lstm: 'weight_hh' is float16, which iOS16 does not allow (float32) | iOS17"),
      Case(
        "concat iOS17 values={int8[2];int8[2]} axis=0", for: .iOS16,
        "concat: the result is int8, which iOS16 does not allow | iOS17"),
      Case("concat iOS17 values={int32[2];int32[2]} axis=0", for: .iOS16),
    ]
  }

  @Test(arguments: Case.all) func lists(_ test: Case) throws {
    let program = Program(functions: [try test.operation.function()])
    #expect(program.verify() == [])
    let found = violations(of: program, for: test.target)
    let expected = test.expected.map { $0.split(separator: " | ").map(String.init) }
    #expect(found.map(\.message) == expected.map { $0[0] })
    #expect(found.map(\.remedy) == expected.map { "use a target of \($0[1]) or later" })
    #expect(found.allSatisfy { $0.code == .unsupportedByTarget })
  }

  /// A newer system runs a program of an older opset as it is.
  @Test func olderOpsetsAreTheirOwn() throws {
    let crop = OperationCase(
      "crop_resize iOS15 x=float16[2,3,8,9] roi=float16[5,1,4,1,1]")
    let program = Program(functions: [try crop.function()])
    #expect(violations(of: program, for: .iOS26) == [])
  }

  @Test func saysWhere() throws {
    let build = FunctionBuilder(opset: .iOS18)
    build.origin = Location(operation: "aten.attention", module: "layers.0")
    let x = build.input("x", .tensor(.float16, fixed: [8, 5, 64]))
    let flag = build.input("flag", .scalar(.bool))
    let yes = try build.block { _ in
      [try build.mil.scaled_dot_product_attention(query: x, key: x, value: x)]
    }
    let no = try build.block { _ in [try build.mil.relu(x: x)] }
    let y = try build.emit("cond", ["pred": flag], blocks: [yes, no])[0]
    let program = Program(functions: [try build.finish(outputs: [("y", y)])])
    let found = violations(of: program, for: .iOS16)
    #expect(found.count == 1)
    #expect(found.first?.location == build.origin)
  }

  /// What no opset takes is reported under its own code, without a target that would do.
  @Test func unknownOperations() throws {
    var function = try OperationCase("relu iOS18 x=float16[2]").function()
    let index = try #require(function.body.operations.firstIndex { $0.type == "relu" })
    function.body.operations[index].type = "custom_layer"
    let found = violations(of: Program(functions: [function]), for: .iOS15)
    #expect(found.map(\.message) == ["'custom_layer' is no operation of MIL"])
    #expect(found.map(\.code) == [.unsupportedOperation])
    #expect(found.map(\.remedy) == [nil])
  }
}
