// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct ConvertTests {
  let tool = Tool()

  @Test func saysWhatItWrote() {
    let result = tool("convert", Fixture.path("torch/accumulator.pt2"), "-o", "a.mlpackage")
    #expect(result.code == 0)
    #expect(result.output.isEmpty)
    #expect(
      result.errors.hasSuffix(" MB for iOS18, inputs x, outputs mul, states accumulator\n"),
      "\(result.errors)")
    let quiet = tool(
      "convert", Fixture.path("torch/accumulator.pt2"), "-o", "b.mlpackage", "--quiet")
    #expect(quiet.errors.isEmpty)
    #expect(tool.folder.names == ["a.mlpackage", "b.mlpackage"])
  }

  @Test func namesThatCoreMLReserves() {
    let source = Fixture.path("torch/gru-2-initial.pt2")
    let inputs = Fixture.calls("torch/gru-2-initial")[0].inputs
    let result = tool("convert", source, "-o", "a.mlpackage")
    #expect(result.code == 0)
    #expect(
      result.errors.contains(
        """
        Core ML reserves the name 'state': it is called 'state_workaround' in the package
          fix: choose another: --rename state=NAME

        """), "\(result.errors)")
    // Recorded as 'state': what the source calls an input is understood.
    let run = tool("run", "a.mlpackage", "--inputs", inputs, "--outputs", "a.npz")
    #expect(run.code == 0, "\(run.errors)")
    let renamed = tool("convert", source, "-o", "b.mlpackage", "--rename", "state=hidden")
    #expect(renamed.code == 0)
    #expect(!renamed.errors.contains("reserves") && renamed.errors.contains("hidden"))
    let missing = tool("run", "b.mlpackage", "--inputs", inputs, "--outputs", "b.npz")
    #expect(missing.code == 65)
    #expect(missing.errors.contains("input 'hidden' is missing"), "\(missing.errors)")
  }

  @Test func writesTheSameBytesAgain() {
    for name in ["a.mlpackage", "b.mlpackage"] {
      tool("convert", Fixture.path("torch/decoder.pt2"), "-o", name, "--int8", "--per-channel")
    }
    for file in [
      "Manifest.json", "Data/com.apple.CoreML/model.mlmodel",
      "Data/com.apple.CoreML/weights/weight.bin",
    ] {
      let first = ScratchFolder.read(tool.folder("a.mlpackage/\(file)"))
      #expect(!first.isEmpty)
      #expect(first == ScratchFolder.read(tool.folder("b.mlpackage/\(file)")), "\(file)")
    }
  }

  @Test func documentFitsItsSchema() {
    for options in [[], ["--int4", "--block", "16"], ["--no-states", "--target", "iOS17"]] {
      let result = tool.run(
        [
          "convert", Fixture.path("torch/decoder.pt2"), "-o", "a.mlpackage", "--json",
          "--overwrite",
        ]
          + options)
      #expect(result.code == 0)
      #expect(SchemaCheck.problems(result.output, "convert") == [])
    }
  }

  @Test(arguments: [
    (["--input", "tokens=1,4", "--input", "mask=1,1,4,8"], "1, 4"),
    (["--input", "tokens=1,1...16"], "1, 1...16"),
    (["--input", "tokens=1,{4,8}", "--input", "mask=1,1,{4,8},16"], "{1, 4} or {1, 8}"),
  ])
  func takesShapes(_ options: [String], _ shape: String) {
    let converted = tool.run(
      ["convert", Fixture.path("torch/decoder.pt2"), "-o", "a.mlpackage"] + options)
    #expect(converted.code == 0, "\(converted.errors)")
    let listing = tool("inspect", "a.mlpackage").output
    #expect(
      listing.split(separator: "\n").contains {
        $0.hasPrefix("  input   tokens") && $0.hasSuffix("  \(shape)")
      }, "\(listing)")
  }

  @Test(arguments: [
    ("tokens", "--input is NAME=SHAPE, not 'tokens'."),
    ("=1,2", "--input is NAME=SHAPE, not '=1,2'."),
  ])
  func refusesOddInputs(_ text: String, _ message: String) {
    let result = tool(
      "convert", Fixture.path("torch/decoder.pt2"), "-o", "a.mlpackage", "--input", text)
    #expect(result.code == 64)
    #expect(result.errors.hasPrefix("Error: \(message)\n"), "\(result.errors)")
  }

  @Test(arguments: [
    ("1,", "it ends with ','"), ("1,x", "'x' is not a size"), ("0", "'0' is not a size"),
    ("4...2", "the range '4...2' is empty"), ("1...2...3", "'1...2...3' is not a range"),
    ("{1,2", "a '{' without its '}'"), ("{}", "an empty set of sizes"),
    ("{1}2", "a ',' is missing before '2'"),
    ("1:int4", "'int4' is not float16, float32 or int32"),
    ("99999999999999999999", "'99999999999999999999' is not a size"),
  ])
  func refusesOddShapes(_ shape: String, _ why: String) {
    let result = tool(
      "convert", Fixture.path("torch/decoder.pt2"), "-o", "a.mlpackage", "--input",
      "tokens=\(shape)")
    #expect(result.code == 64)
    #expect(
      result.errors.hasPrefix("error: '\(shape)' is not a shape: \(why)\n"), "\(result.errors)")
    #expect(tool.folder.names.isEmpty)
  }

  @Test func keepsWhatExists() {
    tool.convert("torch/accumulator.pt2")
    let before = ScratchFolder.read(tool.folder("model.mlpackage/Manifest.json"))
    let again = tool("convert", Fixture.path("torch/decoder.pt2"), "-o", "model.mlpackage")
    #expect(again.code == 73)
    #expect(
      again.errors == """
        error: model.mlpackage: exists already
          fix: use --overwrite to replace it

        """)
    #expect(ScratchFolder.read(tool.folder("model.mlpackage/Manifest.json")) == before)
    let forced = tool(
      "convert", Fixture.path("torch/decoder.pt2"), "-o", "model.mlpackage", "--overwrite")
    #expect(forced.code == 0)
    #expect(ScratchFolder.read(tool.folder("model.mlpackage/Manifest.json")) != before)
  }

  @Test func doesNotReplaceFoldersOfOthers() {
    tool.folder.file("precious", "1")
    _ = tool.folder.folder("home")
    tool.folder.file("home/letter", "dear")
    let result = tool(
      "convert", Fixture.path("torch/accumulator.pt2"), "-o", "home", "--overwrite")
    #expect(result.code == 73)
    #expect(ScratchFolder.read(tool.folder("home/letter")) == Array("dear".utf8))
  }

  @Test func renamesAndMetadata() {
    tool.convert(
      "torch/accumulator.pt2", "--rename", "x=amount", "--rename", "mul=total", "--description",
      "adds", "--license", "none", "--model-version", "7")
    let listing = tool("inspect", "model.mlpackage").output
    for text in ["amount", "total", "description  adds", "license      none", "version      7"] {
      #expect(listing.contains(text), "\(text) in \(listing)")
    }
  }

  @Test(arguments: [
    ("bad.pt2", "PK\u{3}\u{4}"), ("bad.pt2", ""), ("bad.pt2", "hello, world, this is no archive"),
    ("bad.onnx", "hello, world, this is no protobuf"),
  ])
  func badInputLeavesNothing(_ name: String, _ content: String) {
    tool.folder.file(name, content)
    let result = tool("convert", name, "-o", "a.mlpackage")
    #expect(result.code == 65, "\(result.errors)")
    #expect(result.errors.hasPrefix("error: \(name)"), "\(result.errors)")
    #expect(tool.folder.names == [name])
  }

  @Test func interruptionLeavesNothing() {
    for attempt in 0..<5 {
      var polls = 0
      let result = tool.interrupted(
        ["convert", Fixture.path("torch/decoder.pt2"), "-o", "a.mlpackage", "--overwrite"]
      ) {
        polls += 1
        return polls > attempt * 20
      }
      #expect([0, 130].contains(result.code))
      #expect(tool.folder.names.allSatisfy { $0 == "a.mlpackage" }, "\(tool.folder.names)")
      if ScratchFolder.exists(tool.folder("a.mlpackage")) {
        #expect(tool("inspect", "a.mlpackage").code == 0)
      }
    }
  }
}
