// SPDX-License-Identifier: Apache-2.0
import Containers
import TestSupport
import Testing

@Suite struct DecompressTests {
  let tool = Tool()

  @Test func undoesQuantization() {
    tool.convert("torch/decoder.pt2")
    tool(
      "quantize", "model.mlpackage", "-o", "small.mlpackage", "--int8", "--min-elements", "600")
    let result = tool("decompress", "small.mlpackage", "-o", "dense.mlpackage")
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.isEmpty)
    #expect(
      result.errors.hasPrefix("dense.mlpackage: 12 weights decompressed, "), "\(result.errors)")
    #expect(!tool("inspect", "dense.mlpackage", "--weights").output.contains("int8"))
    // The same values: those of the quantized package, none of the original's.
    let same = tool("compare", "small.mlpackage", "dense.mlpackage", "--tolerance", "0")
    #expect(same.code == 0, "\(same.output)\(same.errors)")
    #expect(tool("compare", "model.mlpackage", "dense.mlpackage", "--tolerance", "0").code == 1)
  }

  @Test func documentFitsItsSchema() {
    let package = Fixture.path("packages/sparse-palette-iOS18.mlpackage")
    let result = tool("decompress", package, "-o", "dense.mlpackage", "--json")
    #expect(result.code == 0, "\(result.errors)")
    #expect(SchemaCheck.problems(result.output, "decompress") == [])
  }

  /// Packages that coremltools compressed, in every form recorded.
  static let packages = [
    "conv-int8-channel-iOS18", "int4-block-iOS18", "int8-block-iOS18", "int8-channel-iOS16",
    "palette2-grouped-iOS18", "palette4-iOS16", "palette4-iOS18", "sparse-iOS16", "sparse-iOS18",
    "sparse-palette-iOS18", "uint4-channel-iOS18", "uint8-tensor-iOS17",
  ]

  @Test(arguments: packages)
  func predictionsStayTheSame(_ name: String) throws {
    let package = Fixture.path("packages/\(name).mlpackage")
    let result = tool("decompress", package, "-o", "dense.mlpackage", "--json")
    #expect(result.code == 0, "\(result.errors)")
    let document = JSONNode(try SchemaCheck.parse(Array(result.output.utf8)))
    #expect(!(try document.elements("weights").isEmpty))
    let weights = tool("inspect", "dense.mlpackage", "--json").output
    let left = try JSONNode(SchemaCheck.parse(Array(weights.utf8))).elements("weights")
    #expect(try left.allSatisfy { try $0.string("compression") == "none" })
    let same = tool("compare", package, "dense.mlpackage", "--tolerance", "0")
    #expect(same.code == 0, "\(same.output)\(same.errors)")
    for (model, file) in [(package, "a.npz"), ("dense.mlpackage", "b.npz")] {
      let run = tool(
        "run", model, "--inputs", Fixture.path("packages/\(name).inputs.npz"), "--outputs", file)
      #expect(run.code == 0, "\(run.errors)")
    }
    #expect(
      ScratchFolder.read(tool.folder("a.npz")) == ScratchFolder.read(tool.folder("b.npz")))
  }

  @Test func leavesPlainPackagesAlone() {
    let package = Fixture.path("packages/mlp-iOS16-float16.mlpackage")
    let result = tool("decompress", package, "-o", "dense.mlpackage")
    #expect(result.code == 0)
    #expect(result.errors.hasPrefix("dense.mlpackage: 0 weights decompressed, "))
    #expect(tool("decompress", package, "-o", "dense.mlpackage").code == 73)
    #expect(tool("decompress", package, "-o", "dense.mlpackage", "--overwrite").code == 0)
  }
}
