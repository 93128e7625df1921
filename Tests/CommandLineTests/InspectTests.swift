// SPDX-License-Identifier: Apache-2.0
import Containers
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct InspectTests {
  let tool = Tool()

  @Test func showsWhatIsThere() {
    tool.convert("torch/decoder.pt2", "--author", "somebody", "--metadata", "purpose=test")
    let result = tool("inspect", "model.mlpackage")
    #expect(result.code == 0)
    #expect(result.errors.isEmpty)
    let lines = result.output.split(separator: "\n").map(String.init)
    #expect(lines.first?.hasSuffix(" MB, specification version 9, for iOS18 and later") ?? false)
    #expect(lines.contains("  input   tokens       int32    1, 1...47"))
    #expect(lines.contains("  input   mask         float32  1, 1, 1...47, 1...47"))
    #expect(lines.contains("  state   key_cache    float16  2, 1, 2, 48, 8"))
    #expect(lines.contains { $0.contains("████████████████████████  100 %") })
    #expect(lines.contains { $0.hasPrefix("needs iOS18 for ") && $0.contains("states (2)") })
    #expect(lines.contains("  author   somebody"))
    #expect(lines.contains("  purpose  test"))
  }

  @Test(arguments: [
    "accumulator-iOS18", "classifier-iOS16", "decoder-iOS18-float16", "enumerated-iOS18-float32",
    "functions-iOS18", "image-iOS15", "int4-block-iOS18", "palette2-grouped-iOS18",
    "range-iOS16-float16", "sparse-palette-iOS18",
  ])
  func documentsFitTheirSchema(_ name: String) throws {
    let package = Fixture.path("packages/\(name).mlpackage")
    for options in [[], ["--operations"]] {
      let result = tool.run(["inspect", package, "--json"] + options)
      #expect(result.code == 0)
      #expect(SchemaCheck.problems(result.output, "inspect") == [])
    }
  }

  @Test(arguments: [
    ("int4-block-iOS18", "int4", "int4 blocks of 32"),
    ("int8-block-iOS18", "int8", "int8 blocks of 32"),
    ("int8-channel-iOS16", "int8", "int8 per channel"),
    ("uint8-tensor-iOS17", "uint8", "uint8 per tensor"),
    ("palette4-iOS16", "uint4", "4-bit palette per tensor"),
    ("palette4-iOS18", "uint4", "4-bit palette per tensor"),
    ("sparse-iOS18", "float32", "sparse 60.8 %"),
  ])
  func namesCompression(_ name: String, _ dtype: String, _ compression: String) throws {
    let result = tool("inspect", Fixture.path("packages/\(name).mlpackage"), "--json")
    let weights = try JSONNode(SchemaCheck.parse(Array(result.output.utf8))).elements("weights")
    let found = try weights.map { ($0, try $0.string("compression")) }.filter { $1 != "none" }
    #expect(!found.isEmpty)
    for (weight, words) in found {
      #expect(words == compression)
      #expect(try weight.string("dtype") == dtype)
      #expect(try weight.int("bytes") > 0)
    }
  }

  @Test func listsOperationsAndWeights() {
    let package = Fixture.path("packages/mlp-iOS16-float16.mlpackage")
    let operations = tool("inspect", package, "--operations").output
    #expect(operations.hasPrefix("main\n"))
    #expect(operations.contains("linear"))
    let weights = tool("inspect", package, "--weights").output
    #expect(weights.contains("float16"))
    let text = tool("inspect", package, "--mil").output
    #expect(text.contains("linear("))
  }
}
