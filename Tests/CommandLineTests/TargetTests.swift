// SPDX-License-Identifier: Apache-2.0
import Containers
import ModelPackKit
import TestSupport
import Testing

/// `quantize --target-bits` and `--target-size`.
@Suite struct TargetTests {
  let tool = Tool()

  private func quantize(_ output: String, _ options: String...) -> Tool.Result {
    tool.run(
      ["quantize", "model.mlpackage", "-o", output, "--min-elements", "600", "--overwrite"]
        + options)
  }

  /// Bytes of all files of a package.
  private func size(_ package: String) -> Int {
    let data = tool.folder(package) + "/Data/com.apple.CoreML/"
    return [
      tool.folder(package) + "/Manifest.json", data + "model.mlmodel", data + "weights/weight.bin",
    ].reduce(0) { $0 + ScratchFolder.read($1).count }
  }

  private func decibels(_ result: Tool.Result) throws -> Double {
    try JSONNode(try SchemaCheck.parse(Array(result.output.utf8))).double("decibels")
  }

  @Test func meetsAnAverageOfBits() throws {
    tool.convert("torch/decoder.pt2")
    let result = quantize("q.mlpackage", "--target-bits", "4.5", "--json")
    #expect(result.code == 0, "\(result.errors)")
    #expect(SchemaCheck.problems(result.output, "quantize") == [])
    let document = JSONNode(try SchemaCheck.parse(Array(result.output.utf8)))
    let target = try document.member("target")
    #expect(try (4.2...4.5).contains(target.double("bitsPerElement")))
    #expect(try target.string("chosen") == "q.yaml")
    // Better than one setting for all in as many bytes.
    let uniform = quantize("u.mlpackage", "--int4", "--block", "32", "--fit", "error", "--json")
    let bytes = try JSONNode(try SchemaCheck.parse(Array(uniform.output.utf8))).int("bytesAfter")
    #expect(try document.int("bytesAfter") <= bytes)
    #expect(try decibels(result) > decibels(uniform) + 1)
  }

  @Test func whatWasChosenCanBeUsedAgain() {
    tool.convert("torch/decoder.pt2")
    let result = quantize("q.mlpackage", "--target-bits", "4", "--chosen", "chosen.yaml")
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.errors.hasPrefix("chosen.yaml: what was chosen, "), "\(result.errors)")
    let text = String(decoding: ScratchFolder.read(tool.folder("chosen.yaml")), as: UTF8.self)
    #expect(text.hasPrefix("# Chosen for model.mlpackage under a target of 4.0 bits per element:"))
    #expect(
      tool("quantize", "model.mlpackage", "-o", "a.mlpackage", "--config", "chosen.yaml").code == 0)
    for file in ["Manifest.json", "Data/com.apple.CoreML/weights/weight.bin"] {
      #expect(
        ScratchFolder.read(tool.folder("a.mlpackage/" + file))
          == ScratchFolder.read(tool.folder("q.mlpackage/" + file)))
    }
    // Neither file is written over unasked.
    let again = tool(
      "quantize", "model.mlpackage", "-o", "b.mlpackage", "--target-bits", "4", "--chosen",
      "chosen.yaml")
    #expect(again.code == 73)
    #expect(!tool.folder.names.contains("b.mlpackage"))
  }

  @Test(arguments: [70_000, 60_000, 52_000])
  func meetsASize(bytes: Int) {
    tool.convert("torch/decoder.pt2")
    let result = quantize("q.mlpackage", "--target-size", "\(bytes)")
    #expect(result.code == 0, "\(result.errors)")
    #expect((bytes * 98 / 100...bytes).contains(size("q.mlpackage")), "\(size("q.mlpackage"))")
  }

  @Test func keepsToTheFamily() {
    tool.convert("torch/decoder.pt2")
    for (family, other) in [("linear", "palette"), ("palette", "int")] {
      let result = quantize("q.mlpackage", "--target-size", "60kB", "--target-family", family)
      #expect(result.code == 0, "\(result.errors)")
      let weights = tool("inspect", "q.mlpackage", "--weights").output.split(separator: "\n")
      let schemes = weights.compactMap { $0.split(separator: "  ").last }
      #expect(!schemes.contains { $0.contains(other) }, "\(weights)")
    }
  }

  @Test func tooSmall() {
    tool.convert("torch/decoder.pt2")
    let bits = quantize("q.mlpackage", "--target-bits", "0.5")
    #expect(bits.code == 69)
    #expect(
      bits.errors == """
        error: with these settings the least that can be reached is 1.06 bits per element
          fix: ask for more, or let more weights be compressed

        """)
    let size = quantize("q.mlpackage", "--target-size", "1kB")
    #expect(size.code == 69)
    let words = size.errors.split(separator: " ")
    let least = words.firstIndex(of: "bytes\n") ?? words.firstIndex { $0.hasPrefix("bytes") }
    let bytes = least.flatMap { Int(words[$0 - 1]) } ?? 0
    #expect(quantize("q.mlpackage", "--target-size", "\(bytes - 1)").code == 69)
    #expect(tool.folder.names.allSatisfy { $0 == "model.mlpackage" }, "\(tool.folder.names)")
    #expect(quantize("q.mlpackage", "--target-size", "\(bytes)").code == 0)
    #expect(self.size("q.mlpackage") <= bytes)
  }

  @Test func nothingToChoose() {
    tool.convert("torch/decoder.pt2")
    let none = quantize("q.mlpackage", "--target-bits", "4", "--exclude", "*")
    #expect(none.code == 69)
    #expect(none.errors.hasPrefix("error: there are no weights to choose for\n"))
    tool.folder.file("c.yaml", "dtype: int8\n")
    let both = quantize("q.mlpackage", "--target-bits", "4", "--config", "c.yaml")
    #expect(both.code == 64)
    #expect(
      both.errors.hasPrefix("error: a target chooses itself how weights are compressed\n"),
      "\(both.errors)")
    // Rules come first.
    tool.folder.file("c.yaml", "rules:\n  - names: [\"*embedding*\"]\n    skip: true\n")
    #expect(quantize("q.mlpackage", "--target-bits", "4", "--config", "c.yaml").code == 0)
    let weights = tool("inspect", "q.mlpackage", "--weights").output.split(separator: "\n")
    #expect(weights.contains { $0.contains("16.00 bits") && $0.contains("embedding") })
  }

  @Test func sizesAsText() {
    for (text, bytes) in [
      ("600MB", 600_000_000), ("1.5 GiB", 1_610_612_736), ("800000", 800_000), ("2kb", 2000),
      ("3B", 3),
    ] {
      #expect(WeightTarget.Limit(size: text) == .size(bytes))
    }
    for text in ["", "MB", "5 apples", "-5MB", "1e9", "1.2.3MB", "99999999999GB"] {
      #expect(WeightTarget.Limit(size: text) == nil)
    }
  }
}
