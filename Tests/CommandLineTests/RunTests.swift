// SPDX-License-Identifier: Apache-2.0
import ModelPackKit
import TestSupport
import Testing

@Suite struct RunTests {
  let tool = Tool()

  private func write(_ name: String, _ arrays: [(name: String, array: MultiArray)]) throws {
    try ArrayFile.writeArchive(arrays, to: tool.folder(name), overwrite: true)
  }

  private func number(_ value: Float) throws -> MultiArray { try MultiArray([value], shape: [1]) }

  @Test func severalStates() throws {
    tool.convert("torch/accumulator.pt2")
    func run(_ values: [Float], _ options: String...) throws -> [Double] {
      var arguments = ["run", "model.mlpackage", "--overwrite"] + options
      for (index, value) in values.enumerated() {
        try write("\(index).npz", [("x", number(value))])
        arguments += ["--inputs", "\(index).npz", "--outputs", "out\(index).npz"]
      }
      let result = tool.run(arguments)
      #expect(result.code == 0, "\(result.errors)")
      #expect(result.output.isEmpty)
      return try values.indices.map { index in
        try ArrayFile.readArchive(tool.folder("out\(index).npz"))[0].array.doubles[0]
      }
    }
    #expect(try run([2, 5, -1], "--state-out", "first.npz") == [4, 49, 36])
    #expect(try run([9, 2]) == [81, 121])
    #expect(try run([3, 7], "--state-in", "first.npz") == [81, 256])
    let state = try ArrayFile.readArchive(tool.folder("first.npz"))
    #expect(state.map(\.name) == ["accumulator"])
    #expect(state[0].array.elementType == .float16)
    #expect(state[0].array.doubles == [6])
  }

  @Test func singleInputsAndSummaries() throws {
    tool.convert("torch/accumulator.pt2")
    try ArrayFile.writeArchive([("x", number(3))], to: tool.folder("a.npz"))
    let summary = tool("run", "model.mlpackage", "--inputs", "a.npz")
    #expect(summary.output == "  mul  float32  1  9\nstates\n  accumulator  float16  1  3\n")
    let document = tool("run", "model.mlpackage", "--inputs", "a.npz", "--json")
    #expect(SchemaCheck.problems(document.output, "run") == [])
    tool.folder.file("x.npy", npy([0, 0, 0xa0, 0x40]))
    let single = tool("run", "model.mlpackage", "--input", "x=x.npy")
    #expect(single.output.hasPrefix("  mul  float32  1  25\n"))
    let both = tool("run", "model.mlpackage", "--input", "x=x.npy", "--inputs", "a.npz")
    #expect(both.code == 64)
    #expect(both.errors == "error: a.npz: input 'x' is also given with --input\n")
  }

  private func npy(_ data: [UInt8]) -> [UInt8] {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n"
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + header.utf8 + data
  }

  @Test func randomInputsAreTheSameEachTime() {
    tool.convert("torch/decoder.pt2")
    let first = tool("run", "model.mlpackage", "--random-inputs", "1", "--outputs", "a.npz")
    #expect(first.code == 0, "\(first.errors)")
    tool("run", "model.mlpackage", "--random-inputs", "1", "--outputs", "b.npz")
    tool("run", "model.mlpackage", "--random-inputs", "2", "--outputs", "c.npz")
    let files = ["a", "b", "c"].map { ScratchFolder.read(tool.folder("\($0).npz")) }
    #expect(files[0] == files[1])
    #expect(files[0] != files[2])
  }

  @Test func functions() {
    let package = Fixture.path("packages/functions-iOS18.mlpackage")
    for name in ["embed", "classify"] {
      let call = Fixture.calls("packages/functions-iOS18.\(name)")[0]
      let result = tool(
        "run", package, "--function", name, "--inputs", call.inputs, "--outputs", "\(name).npz")
      #expect(result.code == 0, "\(result.errors)")
    }
    let wrong = tool("run", package, "--function", "clasify", "--random-inputs", "1")
    #expect(wrong.code == 64)
    #expect(wrong.errors.contains("the model has no function 'clasify'"))
    #expect(wrong.errors.contains("did you mean 'classify'?"))
  }

  @Test func classifier() throws {
    let package = Fixture.path("packages/classifier-iOS16.mlpackage")
    let call = Fixture.calls("packages/classifier-iOS16")[0]
    let arguments = ["run", package, "--inputs", call.inputs]
    let summary = tool.run(arguments)
    #expect(summary.code == 0, "\(summary.errors)")
    #expect(
      summary.output == """
          label        string         cat
          label_probs  float32  1, 3  cat 0.869124, dog 0.065981, bird 0.064895

        """)
    let document = tool.run(arguments + ["--json"]).output
    #expect(SchemaCheck.problems(document, "run") == [])
    #expect(document.contains("\"strings\": [\n            \"cat\"\n"))
    #expect(document.contains("\"bird\": 0.0648"))
    #expect(tool.run(arguments + ["--outputs", "out.npz"]).code == 0)
    let bytes = ScratchFolder.read(tool.folder("out.npz"))
    for text in ["label.npy", "label_probs.npy", "label_probs.labels.npy", "'<U3'", "'<U4'"] {
      #expect(String(decoding: bytes, as: UTF8.self).contains(text), "\(text)")
    }
  }

  @Test func saysWhatDoesNotFit() throws {
    tool.convert("torch/accumulator.pt2")
    for (arrays, message) in try [
      ([], "a.npz: input 'x' is missing\n  note: it is float32[1]\n"),
      (
        [("x", MultiArray([1], as: .float64))],
        """
        a.npz: input 'x' is float64, but the model takes float32
          fix: convert it: array.astype(numpy.float32)

        """
      ),
      (
        [("x", MultiArray([Float(1), 2]))],
        """
        a.npz: input 'x' has the shape [2]: axis 0 must be 1
          note: the model takes float32[1]

        """
      ),
      (
        [("x", MultiArray([Float(1)], shape: [1, 1]))],
        """
        a.npz: input 'x' has the shape [1, 1]: it must have 1 axes
          note: the model takes float32[1]

        """
      ),
      (
        [("x", number(1)), ("y", number(1))],
        "a.npz: the model has no input 'y'\n  fix: use 'x'\n"
      ),
    ] as [([(name: String, array: MultiArray)], String)] {
      try write("a.npz", arrays)
      let result = tool("run", "model.mlpackage", "--inputs", "a.npz", "--outputs", "b.npz")
      #expect(result.code == 65)
      #expect(result.errors == "error: " + message)
      #expect(tool.folder.names == ["a.npz", "model.mlpackage"])
    }
  }

  @Test func statesAreChecked() throws {
    tool.convert("torch/accumulator.pt2")
    try write("a.npz", [("x", number(1))])
    try write("s.npz", [("accumulater", MultiArray([Float16(1)]))])
    let wrong = tool("run", "model.mlpackage", "--inputs", "a.npz", "--state-in", "s.npz")
    #expect(wrong.code == 65)
    #expect(
      wrong.errors == """
        error: s.npz: the model has no state 'accumulater'
          fix: use 'accumulator'
        error: s.npz: state 'accumulator' is missing
          note: it is float16[1]

        """)
    try write("s.npz", [("accumulator", number(1))])
    let single = tool("run", "model.mlpackage", "--inputs", "a.npz", "--state-in", "s.npz")
    #expect(single.code == 65)
    #expect(
      single.errors == """
        error: s.npz: state 'accumulator' is given as float32[1], but it is float16[1]
          fix: give float16 of exactly that shape

        """)
    let stateless = tool(
      "run", Fixture.path("packages/mlp-iOS16-float16.mlpackage"), "--random-inputs", "1",
      "--state-out", "t.npz")
    #expect(stateless.code == 64)
    #expect(stateless.errors.contains("the model has no states"))
  }

  @Test func nothingIsWrittenWhenALaterInputIsBad() throws {
    tool.convert("torch/accumulator.pt2")
    try write("a.npz", [("x", number(1))])
    tool.folder.file("b.npz", "no archive")
    let result = tool(
      "run", "model.mlpackage", "--inputs", "a.npz", "--outputs", "1.npz", "--inputs", "b.npz",
      "--outputs", "2.npz")
    #expect(result.code == 65)
    #expect(result.errors == "error: b.npz: is not a zip archive (begins with 0x61206f6e)\n")
    #expect(tool.folder.names == ["a.npz", "b.npz", "model.mlpackage"])
  }

  @Test func existingOutputsAreKept() throws {
    tool.convert("torch/accumulator.pt2")
    tool.folder.file("b.npz", "old")
    let result = tool("run", "model.mlpackage", "--random-inputs", "1", "--outputs", "b.npz")
    #expect(result.code == 73)
    #expect(ScratchFolder.read(tool.folder("b.npz")) == Array("old".utf8))
    let twice = tool(
      "run", "model.mlpackage", "--random-inputs", "1", "--outputs", "c.npz", "--state-out", "c.npz"
    )
    #expect(twice.code == 64)
  }
}
