// SPDX-License-Identifier: Apache-2.0
import Containers
import TestSupport
import Testing

@Suite struct CompareTests {
  let tool = Tool()

  @Test func showsTheWorst() {
    tool.convert("torch/decoder.pt2")
    tool(
      "quantize", "model.mlpackage", "-o", "q.mlpackage", "--int8", "--min-elements", "600")
    let result = tool("compare", "model.mlpackage", "q.mlpackage")
    #expect(result.code == 0, "\(result.errors)")
    let lines = result.output.split(separator: "\n").map(String.init)
    #expect(lines.count == 12)
    #expect(
      lines[0].split(separator: "  ").map { $0.drop { $0 == " " } } == [
        "SNR", "largest error", "of range", "stored as", "used by",
      ], "\(lines[0])")
    #expect(lines[1...10].allSatisfy { $0.contains(" dB ") && $0.contains("int8 per channel") })
    #expect(lines[11].hasPrefix("19 weights compared, 7 equal, "), "\(lines[11])")
    let all = tool("compare", "model.mlpackage", "q.mlpackage", "--verbose")
    #expect(all.output.split(separator: "\n").count == 21)
  }

  @Test func limitsDecide() {
    tool.convert("torch/decoder.pt2")
    tool(
      "quantize", "model.mlpackage", "-o", "q.mlpackage", "--int8", "--min-elements", "600")
    func code(_ options: String...) -> Int32 {
      tool.run(["compare", "model.mlpackage", "q.mlpackage", "--quiet"] + options).code
    }
    #expect(code("--tolerance", "0.1") == 0)
    #expect(code("--tolerance", "1e-6") == 1)
    #expect(code("--min-snr", "20") == 0)
    #expect(code("--min-snr", "90") == 1)
    #expect(code("--tolerance", "-1") == 64)
    #expect(tool("compare", "model.mlpackage", "none.mlpackage").code == 66)
  }

  @Test func listsWhatOnlyOneHas() throws {
    let (a, b) = ("mlp-iOS16-float16", "mobilenet-iOS17-float16")
    let arguments = [a, b].map { Fixture.path("packages/\($0).mlpackage") }
    let result = tool.run(["compare"] + arguments)
    #expect(result.code == 0)
    #expect(result.output.contains("only in \(arguments[0]): "))
    #expect(result.output.contains("only in \(arguments[1]): "))
    let json = tool.run(["compare", "--json", "--tolerance", "1"] + arguments)
    #expect(json.code == 1)
    #expect(SchemaCheck.problems(json.output, "compare") == [])
  }

  @Test func documentFitsItsSchema() throws {
    tool.convert("torch/decoder.pt2")
    tool("quantize", "model.mlpackage", "-o", "q.mlpackage", "--int4", "--block", "8")
    let result = tool("compare", "model.mlpackage", "q.mlpackage", "--json")
    #expect(result.code == 0)
    #expect(SchemaCheck.problems(result.output, "compare") == [])
    let document = JSONNode(try SchemaCheck.parse(Array(result.output.utf8)))
    #expect(try document.elements("onlyInFirst").isEmpty)
    #expect(try document.elements("weights").allSatisfy { try !$0.elements("uses").isEmpty })
  }
}
