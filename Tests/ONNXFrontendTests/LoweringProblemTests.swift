// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import ONNXFrontend
import Testing

/// What is said of models that are sound as files but cannot be converted.
@Suite struct LoweringProblemTests {
  static let defects: [Defect] = [
    Defect("unknown operator", "Frobnicate 'f': operator 'Frobnicate' is not supported") {
      Onnx.simple([Onnx.node("Frobnicate", ["x"], ["y"], name: "f")])
    },
    Defect(
      "operator of a domain that is not imported",
      "Foo 'f': is of domain 'com.acme', which the model does not import"
    ) { Onnx.simple([Onnx.node("Foo", ["x"], ["y"], name: "f", domain: "com.acme")]) },
    Defect(
      "operator that the opset lacks",
      "Gelu 'g': operator 'Gelu' is not supported as opset 17 has it"
    ) { Onnx.simple([Onnx.node("Gelu", ["x"], ["y"], name: "g")]) },
    Defect(
      "unknown attribute",
      "Elu 'e': attribute 'gamma' is not one that modelpack knows of the operator"
    ) {
      Onnx.simple([Onnx.node("Elu", ["x"], ["y"], name: "e", [Onnx.attribute("gamma", float: 1)])])
    },
    Defect("attribute of another kind", "Elu 'e': attribute 'alpha' is INT, not FLOAT") {
      Onnx.simple([Onnx.node("Elu", ["x"], ["y"], name: "e", [Onnx.attribute("alpha", int: 1)])])
    },
    Defect("missing attribute", "Cast 'c': attribute 'to' is missing") {
      Onnx.simple([Onnx.node("Cast", ["x"], ["y"], name: "c")])
    },
    Defect("missing input", "Add 'a': input 'B' is missing") {
      Onnx.simple([Onnx.node("Add", ["x"], ["y"], name: "a")])
    },
    Defect("input left out", "Add 'a': input 'A' is missing") {
      Onnx.simple([Onnx.node("Add", ["", "x"], ["y"], name: "a")])
    },
    Defect("too many inputs", "Relu 'r': has 2 inputs where the operator takes at most 1") {
      Onnx.simple([Onnx.node("Relu", ["x", "x"], ["y"], name: "r")])
    },
    Defect("output that is not there", "Relu 'r': output 1 ('z') is not supported") {
      Onnx.simple([Onnx.node("Relu", ["x"], ["y", "z"], name: "r")])
    },
    Defect("axis outside", "Softmax 's': axis 2 lies outside of rank 2") {
      Onnx.simple([Onnx.node("Softmax", ["x"], ["y"], name: "s", [Onnx.attribute("axis", int: 2)])])
    },
    Defect("permutation", "Transpose 't': attribute 'perm' is [0, 0], no permutation of 2 axes") {
      Onnx.simple([
        Onnx.node("Transpose", ["x"], ["y"], name: "t", [Onnx.attribute("perm", ints: [0, 0])])
      ])
    },
    Defect("reshape to more", "Reshape 'r': a tensor of shape [2, 3] cannot be reshaped to [4, 2]")
    {
      Onnx.simple(
        [Onnx.node("Reshape", ["x", "s"], ["y"], name: "r")],
        initializers: [Onnx.longs("s", [4, 2])])
    },
    Defect("reshape with two holes", "Reshape 'r': input 'shape' holds -1 more than once") {
      Onnx.simple(
        [Onnx.node("Reshape", ["x", "s"], ["y"], name: "r")],
        initializers: [Onnx.longs("s", [-1, -1])])
    },
    Defect("step of 0", "Slice 's': a step is 0") {
      Onnx.simple(
        [Onnx.node("Slice", ["x", "a", "b", "c", "d"], ["y"], name: "s")],
        initializers: [
          Onnx.longs("a", [0]), Onnx.longs("b", [1]), Onnx.longs("c", [0]), Onnx.longs("d", [0]),
        ])
    },
    Defect(
      "bounds of unequal lengths", "Slice 's': starts, ends, axes and steps have different lengths"
    ) {
      Onnx.simple(
        [Onnx.node("Slice", ["x", "a", "b"], ["y"], name: "s")],
        initializers: [Onnx.longs("a", [0, 0]), Onnx.longs("b", [1])])
    },
    Defect(
      "number past int32", "Add 'a': input 'B' holds 4294967296, which int32 cannot hold"
    ) {
      Onnx.model(
        Onnx.graph(
          [Onnx.node("Add", ["x", "b"], ["y"], name: "a")],
          inputs: [Onnx.value("x", ["2"], type: 7)], outputs: [Onnx.value("y", nil, type: 7)],
          initializers: [Onnx.longs("b", [1 << 32])]))
    },
    Defect("string input", "input 'x' is of type STRING, which Core ML lacks") {
      Onnx.model(
        Onnx.graph(
          [Onnx.node("Identity", ["x"], ["y"])], inputs: [Onnx.value("x", ["2"], type: 8)],
          outputs: [Onnx.value("y", nil, type: 8)]))
    },
    Defect("input without shape", "input 'x' has no shape in the model") {
      Onnx.model(
        Onnx.graph(
          [Onnx.node("Relu", ["x"], ["y"])], inputs: [Onnx.value("x", nil)],
          outputs: [Onnx.value("y", nil)]))
    },
    Defect("function that uses itself", "f 'c/d': function 'f' uses itself") {
      var function = ProtoMessage(.onnxFunction)
      function.set("name", "f")
      function.set("domain", "own")
      function.set("input", ["a"])
      function.set("output", ["b"])
      function.set("node", [Onnx.node("f", ["a"], ["b"], name: "d", domain: "own")])
      function.add("opset_import") {
        $0.set("domain", "own"); $0.set("version", 1)
      }
      var model = Onnx.model(
        Onnx.graph(
          [Onnx.node("f", ["x"], ["y"], name: "c", domain: "own")],
          inputs: [Onnx.value("x", ["2"])], outputs: [Onnx.value("y", nil)]),
        domains: [("own", 1)])
      model.set("functions", [function])
      return model
    },
    Defect("training", "Dropout 'd': input 'training_mode' is not false; training is not supported")
    {
      Onnx.simple(
        [Onnx.node("Dropout", ["x", "", "t"], ["y"], name: "d")],
        initializers: [Onnx.tensor("t", [], type: 9, bytes: [1])])
    },
  ]

  @Test(arguments: defects) func isReported(_ defect: Defect) throws {
    let folder = Scratch()
    let model = try folder.read(defect.model())
    #expect(messages { _ = try model.lower(opset: .iOS18) } == [defect.message])
  }

  @Test func everythingIsReportedTogether() throws {
    let folder = Scratch()
    let model = try folder.read(
      Onnx.simple([
        Onnx.node("First", ["x"], ["a"], name: "one"),
        // Depends on what failed: nothing is said of it.
        Onnx.node("Relu", ["a"], ["b"], name: "two"),
        Onnx.node("Second", ["x"], ["c"], name: "three"),
        Onnx.node("Elu", ["x"], ["d"], name: "four", [Onnx.attribute("beta", float: 1)]),
        Onnx.node("Add", ["b", "c"], ["y"], name: "five"),
      ]))
    #expect(
      messages { _ = try model.lower(opset: .iOS18) } == [
        "First 'one': operator 'First' is not supported",
        "Second 'three': operator 'Second' is not supported",
        "Elu 'four': attribute 'beta' is not one that modelpack knows of the operator",
      ])
  }

  @Test func unknownInputOfTheCaller() throws {
    let folder = Scratch()
    let model = try folder.read(Onnx.simple([Onnx.node("Relu", ["x"], ["y"])]))
    var options = ONNXLoweringOptions()
    options.inputShapes["z"] = [.fixed(1)]
    #expect(
      messages { _ = try model.lower(opset: .iOS18, options: options) } == [
        "the model has no input 'z'"
      ])
    options.inputShapes = ["x": [.fixed(2), .fixed(4)]]
    #expect(
      messages { _ = try model.lower(opset: .iOS18, options: options) }
        == ["axis 1 of input 'x' is 3 in the model and cannot change"])
    options.inputShapes = ["x": [.fixed(2)]]
    #expect(
      messages { _ = try model.lower(opset: .iOS18, options: options) }
        == ["input 'x' has 2 axes; the shape given has 1"])
  }
}
