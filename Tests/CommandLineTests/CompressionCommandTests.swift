// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

/// `quantize --sparse`, `--threshold` and `--pattern`, and `--palette`.
@Suite struct CompressionCommandTests {
  let tool = Tool()

  @Test func prunes() {
    tool.convert("torch/decoder.pt2")
    let pruned = tool(
      "quantize", "model.mlpackage", "-o", "p.mlpackage", "--sparse", "50%", "--min-elements",
      "600", "--json")
    #expect(pruned.code == 0, "\(pruned.errors)")
    #expect(SchemaCheck.problems(pruned.output, "quantize") == [])
    #expect(pruned.output.split(separator: "\n").count { $0.contains("\"sparse 50 %\"") } == 12)
    // What is kept can be quantized at once and afterwards.
    let both = tool(
      "quantize", "model.mlpackage", "-o", "b.mlpackage", "--sparse", "0.5", "--int8",
      "--min-elements", "600")
    #expect(both.code == 0, "\(both.errors)")
    let after = tool(
      "quantize", "p.mlpackage", "-o", "a.mlpackage", "--int8", "--min-elements", "600")
    #expect(after.errors.hasPrefix("a.mlpackage: 12 weights quantized, 4 left as they are, "))
    let weights = ["a", "b"].map { tool("inspect", "\($0).mlpackage", "--weights").output }
    #expect(weights[0] == weights[1])
    #expect(weights[0].split(separator: "\n").count { $0.contains("int8") } >= 12)
  }

  @Test(arguments: [
    ["--sparse", "0.4", "--sparse-block", "4"], ["--threshold", "0.01"], ["--pattern", "2:4"],
    ["--pattern", "3:5", "--sparse-axis", "output"],
  ])
  func waysToPrune(options: [String]) {
    tool.convert("torch/decoder.pt2")
    let result = tool.run(
      ["quantize", "model.mlpackage", "-o", "p.mlpackage", "--min-elements", "600", "--verbose"]
        + options)
    #expect(result.code == 0, "\(result.errors)")
    let isEnough = options[0] != "--threshold"
    #expect(result.errors.contains(isEnough ? "sparse " : "of it would be zero"))
    #expect(result.errors.contains(": 0 weights quantized") != isEnough)
  }

  @Test(arguments: [
    (["4"], "4-bit palette per tensor"),
    (["2", "--group", "16"], "2-bit palette, groups of 16 along axis 0"),
    (
      ["3", "--group", "8", "--group-axis", "input", "--table-dtype", "int8"],
      "3-bit palette, groups of 8 along axis 1, int8 table"
    ),
    (["6", "--cluster", "2"], "6-bit palette per tensor, vectors of 2"),
    (["8", "--palette-mode", "uniform"], "8-bit palette per tensor"),
  ])
  func palettes(_ options: [String], _ words: String) {
    tool.convert("torch/decoder.pt2")
    let result = tool.run(
      ["quantize", "model.mlpackage", "-o", "q.mlpackage", "--min-elements", "600", "--json"]
        + ["--palette"] + options)
    #expect(result.code == 0, "\(result.errors)")
    #expect(SchemaCheck.problems(result.output, "quantize") == [])
    let weights = tool("inspect", "q.mlpackage", "--weights").output.split(separator: "\n")
    #expect(weights.count { $0.hasSuffix("  " + words) } == 12, "\(weights)")
  }

  @Test func impossiblePalettes() {
    tool.convert("torch/decoder.pt2")
    for (options, message) in [
      (["5"], "palettes of 5 bits are impossible"),
      (["4", "--cluster", "3"], "vectors of 3 are impossible"),
      (
        ["4", "--group", "6", "--cluster", "4"],
        "groups of 6 channels do not divide into vectors of 4"
      ),
    ] {
      let result = tool.run(
        ["quantize", "model.mlpackage", "-o", "q.mlpackage", "--palette"] + options)
      #expect(result.code == 64)
      #expect(result.errors.hasPrefix("error: \(message)\n"), "\(result.errors)")
    }
  }
}
