// SPDX-License-Identifier: Apache-2.0
import Containers
import TestSupport
import Testing

@Suite struct QuantizeTests {
  let tool = Tool()

  @Test func saysWhatItDid() {
    tool.convert("torch/decoder.pt2")
    let result = tool(
      "quantize", "model.mlpackage", "-o", "q.mlpackage", "--int8", "--min-elements", "600")
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.isEmpty)
    #expect(
      result.errors.hasPrefix("q.mlpackage: 12 weights quantized, 4 left as they are, "),
      "\(result.errors)")
    let weights = tool("inspect", "q.mlpackage", "--weights").output
    #expect(weights.split(separator: "\n").count { $0.hasSuffix("int8 per channel") } == 12)
  }

  @Test func documentFitsItsSchema() {
    tool.convert("torch/decoder.pt2")
    let result = tool(
      "quantize", "model.mlpackage", "-o", "q.mlpackage", "--uint4", "--block", "16",
      "--asymmetric", "--json")
    #expect(result.code == 0)
    #expect(SchemaCheck.problems(result.output, "quantize") == [])
  }

  @Test func measuresWhatWasWritten() throws {
    tool.convert("torch/decoder.pt2")
    let result = tool(
      "quantize", "model.mlpackage", "-o", "q.mlpackage", "--int8", "--min-elements", "600",
      "--json")
    let document = JSONNode(try SchemaCheck.parse(Array(result.output.utf8)))
    let compared = JSONNode(
      try SchemaCheck.parse(
        Array(tool("compare", "model.mlpackage", "q.mlpackage", "--json").output.utf8)))
    var errors: [String: Double] = [:]
    for weight in try compared.elements("weights") {
      errors[try weight.string("name")] = try weight.double("largestError")
    }
    let weights = try document.elements("weights").filter {
      try $0.optional("decibels") != nil
    }
    #expect(weights.count == 12)
    for weight in weights {
      #expect(try weight.double("decibels") > 30)
      #expect(try weight.double("largestError") == errors[weight.string("name")])
      #expect(try (0.001...0.2).contains(weight.double("saturated")))
      #expect(try weight.elements("uses").count >= 1)
    }
    #expect(try document.elements("worst").count == 10)
    let text = tool(
      "quantize", "model.mlpackage", "-o", "q.mlpackage", "--int8", "--overwrite", "--verbose",
      "--min-elements", "600")
    let lines = text.errors.split(separator: "\n")
    #expect(lines.contains("the worst:"))
    #expect(lines.last?.hasSuffix(" dB") ?? false)
    #expect(lines.count { $0.contains("int8 symmetric, per channel") } == 22)
  }

  @Test func writesAPage() {
    tool.convert("torch/decoder.pt2")
    func quantize(_ options: String...) -> Tool.Result {
      tool.run(
        ["quantize", "model.mlpackage", "-o", "q.mlpackage", "--int8", "--report", "q.html"]
          + options)
    }
    #expect(quantize().code == 0)
    let page = ScratchFolder.read(tool.folder("q.html"))
    #expect(String(decoding: page, as: UTF8.self).hasPrefix("<!DOCTYPE html>"))
    // Nothing is written over without being asked to, and the same gives the same.
    #expect(quantize().code == 73)
    #expect(quantize("--overwrite").code == 0)
    #expect(ScratchFolder.read(tool.folder("q.html")) == page)
    let inspected = tool("inspect", "q.mlpackage", "--report", "i.html")
    #expect(inspected.code == 0)
    #expect(inspected.output.isEmpty)
    #expect(ScratchFolder.read(tool.folder("i.html")).count > 10_000)
    #expect(tool("inspect", "q.mlpackage", "--report", "i.html").code == 73)
  }

  @Test func patterns() {
    tool.convert("torch/decoder.pt2")
    func count(_ options: String...) -> Int {
      let quantized = tool.run(
        ["quantize", "model.mlpackage", "-o", "q.mlpackage", "--overwrite", "--min-elements", "0"]
          + options)
      #expect(quantized.code == 0, "\(quantized.errors)")
      return tool("inspect", "q.mlpackage", "--weights").output.split(separator: "\n")
        .count { $0.hasSuffix("per channel") }
    }
    let all = count("--int8")
    let attention = count("--int8", "--include", "*attention*")
    #expect(attention == 8)
    #expect(count("--int8", "--exclude", "*attention*") == all - attention)
  }

  @Test func configurationFiles() {
    tool.convert("torch/decoder.pt2")
    tool.folder.file(
      "c.yaml",
      """
      # 8 bits, but 4 where it hurts less
      dtype: int8
      min-elements: 0
      rules:
        - names: ["*feed_forward*"]
          dtype: int4
          block: 16
        - operations: [gather]
          skip: true
      """)
    let result = tool(
      "quantize", "model.mlpackage", "-o", "q.mlpackage", "--config", "c.yaml")
    #expect(result.code == 0, "\(result.errors)")
    let lines = tool("inspect", "q.mlpackage", "--weights").output.split(separator: "\n")
    #expect(lines.count { $0.hasSuffix("int4 blocks of 16") } == 6)
    #expect(lines.count { $0.hasSuffix("int8 per channel") } == 9)
    #expect(
      lines.contains { $0.contains("  embedding_weight_to_fp16 ") && $0.contains(" gather ") })
  }

  @Test(arguments: [
    ("dtype: int5\n", "line 1: 'int5' is not one of int4, uint4, int8, uint8"),
    (
      "dtype: int3\n",
      "line 1: Core ML has no weights of int3 with a scale (it has int4, uint4, int8, uint8)"
    ),
    ("dtype: int4\nfit: best\n", "line 2: 'best' is not one of min-max, error"),
    ("mode: symmetric\ntype: int4\n", "line 2: the key 'type' is not known"),
    ("dtype int4\n", "line 1: expected keys and values, found 'dtype int4'"),
    ("dtype: int4\ndtype: int8\n", "line 2: repeats the key 'dtype'"),
    ("dtype: int4\nrules:\n  - names: [a]\n", "line 3: a rule needs settings"),
    (
      "dtype: int4\nrules:\n  - skip: true\n    dtype: int8\n",
      "line 3: a rule that skips has no settings"
    ),
    ("dtype: int4\nblock: many\n", "line 2: expected a whole number, found 'many'"),
    ("dtype: int4\nblock: -1\n", "line 2: 'block' must be 1 or more"),
    (
      "dtype: int4\nblock: 8\ngranularity: per-tensor\n",
      "line 3: 'block' and 'granularity' exclude each other"
    ),
    ("dtype: &x int4\n", "line 1: uses an anchor ('&'), which is not read here"),
    ("exclude: *x\n", "line 1: uses an alias ('*'), which is not read here; quote a pattern"),
    ("dtype: !x int4\n", "line 1: uses a tag ('!'), which is not read here"),
    ("dtype: int4\n   mode: symmetric\n", "line 2: mapping values are not allowed in this context"),
    ("\tdtype: int4\n", "line 1: found character that cannot start any token"),
    ("include: [a, b\n", "line 2: did not find expected ',' or ']'"),
    ("dtype: int4\n---\ndtype: int8\n", "line 2: begins a second document"),
    (String(repeating: "[", count: 40), "line 1: is nested too deeply"),
    ("{\"dtype\": 4}", "line 1: '4' is not one of int4, uint4, int8, uint8"),
  ])
  func oddConfigurations(_ text: String, _ message: String) {
    tool.folder.file("c.yaml", text)
    let result = tool("quantize", "none.mlpackage", "-o", "q.mlpackage", "--config", "c.yaml")
    #expect(result.code == 65)
    #expect(result.errors.hasPrefix("error: c.yaml: \(message)\n"), "\(result.errors)")
  }

  @Test func widthsWithoutScales() {
    tool.convert("torch/decoder.pt2")
    for (flag, bits) in [("--int1", 1), ("--uint2", 2), ("--int3", 3), ("--uint6", 6)] {
      let result = tool("quantize", "model.mlpackage", "-o", "q.mlpackage", flag)
      #expect(result.code == 64)
      #expect(
        result.errors.hasSuffix(
          """
          Core ML has no weights of uint\(bits) with a scale (it has int4, uint4, int8, uint8)
            fix: use --palette \(bits) --palette-mode uniform, a table of evenly spaced values

          """), "\(result.errors)")
    }
    #expect(!tool.folder.names.contains("q.mlpackage"))
  }

  /// Every weight is nearer to the original, in as many bytes.
  @Test func leastError() throws {
    tool.convert("torch/decoder.pt2")
    func summary(_ fit: String) throws -> (decibels: [Double], bytes: Int) {
      let result = tool(
        "quantize", "model.mlpackage", "-o", "q.mlpackage", "--overwrite", "--int4", "--block",
        "16", "--fit", fit, "--min-elements", "0", "--json")
      #expect(result.code == 0, "\(result.errors)")
      let json = try Array(result.output.utf8).withUnsafeBytes { try JSON(parsing: $0) }
      let document = JSONNode(json)
      let weights = try document.member("weights").elements()
      return (
        try weights.compactMap { try $0.optional("decibels")?.double() },
        Int(try document.member("bytesAfter").int())
      )
    }
    let extremes = try summary("min-max")
    let searched = try summary("error")
    #expect(searched.bytes == extremes.bytes)
    #expect(searched.decibels.count == extremes.decibels.count && !searched.decibels.isEmpty)
    #expect(zip(searched.decibels, extremes.decibels).allSatisfy { $0 > $1 })
  }

  @Test func importanceNeedsTheSearch() {
    let result = tool(
      "quantize", "none.mlpackage", "-o", "q.mlpackage", "--int4", "--fit", "min-max",
      "--importance",
      "i.npz")
    #expect(result.code == 64)
    #expect(
      result.errors.contains("--importance goes with a type and --fit error."),
      "\(result.errors)")
  }

  @Test func refusesWhatTheTargetLacks() {
    let package = Fixture.path("packages/mobilenet-iOS17-float16.mlpackage")
    let result = tool("quantize", package, "-o", "q.mlpackage", "--int4", "--min-elements", "10")
    #expect(result.code == 69)
    #expect(
      result.errors.hasSuffix(
        """
        int4 weights need the target iOS18, and the model is for iOS17
          fix: convert the model with --target iOS18 or later

        """), "\(result.errors)")
    #expect(tool.folder.names.isEmpty)
  }
}
