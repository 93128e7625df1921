// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@Suite struct ValidateTests {
  let tool = Tool()

  @Test func passesAndFails() {
    tool.convert("torch/decoder.pt2")
    let source = Fixture.path("torch/decoder.pt2")
    let result = tool("validate", "model.mlpackage", "--against", source, "--steps", "3")
    #expect(result.code == 0, "\(result.errors)")
    let lines = result.output.split(separator: "\n").map(String.init)
    #expect(lines.count == 5)
    #expect(lines[0].hasSuffix("largest error  of range      SNR  top agrees"), "\(lines[0])")
    for (line, name) in zip(lines[1...], ["linear_14", "state key_cache", "state value_cache"]) {
      #expect(line.hasPrefix("  \(name) ") && line.hasSuffix("%  ok"), "\(line)")
    }
    #expect(lines[4] == "within the tolerance of 2.0e-02 in 3 steps")
    let strict = tool("validate", "model.mlpackage", "--against", source, "--tolerance", "0")
    #expect(strict.code == 1)
    #expect(strict.output.contains("FAILED"))
    #expect(strict.output.contains("NOT within the tolerance of 0 in 4 steps"))
  }

  @Test func documentFitsItsSchema() {
    tool.convert("torch/accumulator.pt2", "--no-states", "--target", "iOS17")
    let result = tool(
      "validate", "model.mlpackage", "--against", Fixture.path("torch/accumulator.pt2"), "--json")
    #expect(result.code == 0, "\(result.output)")
    #expect(SchemaCheck.problems(result.output, "validate") == [])
  }

  @Test func recordedOutputs() {
    tool.convert("torch/decoder.pt2")
    var arguments = ["validate", "model.mlpackage"]
    for call in Fixture.calls("torch/decoder") {
      arguments += ["--inputs", call.inputs, "--against", call.expected]
    }
    let result = tool.run(arguments)
    #expect(result.code == 0, "\(result.errors)\(result.output)")
    #expect(result.output.hasSuffix("within the tolerance of 2.0e-02 in 17 steps\n"))
    let odd = tool.run(arguments + ["--inputs", Fixture.calls("torch/decoder")[0].inputs])
    #expect(odd.code == 64)
  }

  @Test func anotherSourceDoesNotPass() {
    tool.convert("torch/accumulator.pt2")
    let result = tool(
      "validate", "model.mlpackage", "--against", Fixture.path("torch/cumulative-sum.pt2"))
    #expect(result.code == 1)
    #expect(result.output.contains("FAILED"))
  }

  @Test func onnxSources() {
    let model = Fixture.path("onnx/mlp-opset13.onnx")
    #expect(tool("convert", model, "-o", "model.mlpackage").code == 0)
    let result = tool("validate", "model.mlpackage", "--against", model)
    #expect(result.code == 0, "\(result.errors)\(result.output)")
    _ = tool.folder.folder("test_data_set_0")
    let empty = tool(
      "validate", "model.mlpackage", "--against", model, "--inputs", "test_data_set_0")
    #expect(empty.code == 65)
    #expect(
      empty.errors == """
        error: test_data_set_0: has no input_0.pb
          fix: give a folder test_data_set_N with input_0.pb, output_0.pb and so on

        """)
  }
}
