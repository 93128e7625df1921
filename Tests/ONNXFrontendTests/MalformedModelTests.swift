// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import ONNXFrontend
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A model with exactly one defect, and what is said of it.
struct Defect: CustomTestStringConvertible, Sendable {
  let name: String
  let model: @Sendable () -> ProtoMessage
  let message: String
  var testDescription: String { name }

  init(_ name: String, _ message: String, _ model: @escaping @Sendable () -> ProtoMessage) {
    self.name = name
    self.message = message
    self.model = model
  }
}

@Suite struct MalformedModelTests {
  static let defects: [Defect] = [
    Defect("no IR version", "is not an ONNX model: it has no 'ir_version'") {
      Onnx.model(Onnx.graph([]), irVersion: 0)
    },
    Defect("no graph", "has no graph") { Onnx.model(nil) },
    Defect("no operator set", "imports no operator set") {
      var model = Onnx.model(Onnx.graph([]))
      model.clear("opset_import")
      return model
    },
    Defect("operator set imported twice", "the operator set 'ai.onnx' is imported twice") {
      Onnx.model(Onnx.graph([]), domains: [("ai.onnx", 17)])
    },
    Defect("opset 0", "uses opset 0, not one of 7...28") {
      Onnx.model(Onnx.graph([]), opset: 0)
    },
    Defect("node without operator", "node 0 'n' has no operator") {
      Onnx.simple([Onnx.node("", ["x"], ["y"], name: "n")])
    },
    Defect("undefined input", "Relu 'r': reads 'nowhere', which nothing computes") {
      Onnx.simple([Onnx.node("Relu", ["nowhere"], ["y"], name: "r")])
    },
    Defect("undefined output", "output 'y' is not computed by any node") {
      Onnx.simple([Onnx.node("Relu", ["x"], ["z"])])
    },
    Defect("cycle of two", "Add 'a': is part of a cycle of nodes: 'a', 'b'") {
      Onnx.simple([
        Onnx.node("Add", ["x", "q"], ["p"], name: "a"),
        Onnx.node("Relu", ["p"], ["q"], name: "b"), Onnx.node("Relu", ["q"], ["y"], name: "c"),
      ])
    },
    Defect("node that reads itself", "Add 'a': is part of a cycle of nodes: 'a'") {
      Onnx.simple([Onnx.node("Add", ["x", "y"], ["y"], name: "a")])
    },
    Defect("value computed twice", "Abs 'b': computes 'y', which node 'a' computes too") {
      Onnx.simple([
        Onnx.node("Relu", ["x"], ["y"], name: "a"), Onnx.node("Abs", ["x"], ["y"], name: "b"),
      ])
    },
    Defect(
      "input overwritten", "Relu 'a': computes 'x', which is an input or initializer of the graph"
    ) { Onnx.simple([Onnx.node("Relu", ["x"], ["x"], name: "a")]) },
    Defect("input twice", "the graph has two inputs named 'x'") {
      Onnx.model(Onnx.graph([], inputs: [Onnx.value("x", ["1"]), Onnx.value("x", ["1"])]))
    },
    Defect("output twice", "the graph has two outputs named 'x'") {
      Onnx.model(
        Onnx.graph(
          [], inputs: [Onnx.value("x", ["1"])],
          outputs: [Onnx.value("x", ["1"]), Onnx.value("x", ["1"])]))
    },
    Defect("initializer twice", "the graph has two initializers named 'w'") {
      Onnx.model(Onnx.graph([], initializers: [Onnx.tensor("w", [1]), Onnx.tensor("w", [1])]))
    },
    Defect("initializer without name", "an initializer has no name") {
      Onnx.model(Onnx.graph([], initializers: [Onnx.tensor("", [1])]))
    },
    Defect("input without name", "an input or output has no name") {
      Onnx.model(Onnx.graph([], inputs: [Onnx.value("", ["1"])]))
    },
    Defect("element type of an input", "'x' has element type 99, which ONNX does not define") {
      Onnx.model(Onnx.graph([], inputs: [Onnx.value("x", ["1"], type: 99)]))
    },
    Defect("negative extent", "'x' has the negative extent -3") {
      Onnx.model(Onnx.graph([], inputs: [Onnx.value("x", ["-3"])]))
    },
    Defect("element type of a tensor", "tensor 'w' has element type 0, which ONNX does not define")
    { Onnx.model(Onnx.graph([], initializers: [Onnx.tensor("w", [1], type: 0)])) },
    Defect(
      "shape that overflows",
      "tensor 'w' has the impossible shape [4611686018427387904, 4611686018427387904]"
    ) {
      Onnx.model(Onnx.graph([], initializers: [Onnx.tensor("w", [1 << 62, 1 << 62], bytes: [])]))
    },
    Defect("shape of 2^63 bytes", "tensor 'w' has the impossible shape [9223372036854775807]") {
      Onnx.model(Onnx.graph([], initializers: [Onnx.tensor("w", [.max], bytes: [])]))
    },
    Defect("negative shape", "tensor 'w' has the impossible shape [-1]") {
      Onnx.model(Onnx.graph([], initializers: [Onnx.tensor("w", [-1], bytes: [])]))
    },
    Defect(
      "too little data", "tensor 'w' of type float32 and shape [2, 2] takes 16 bytes but has 12"
    ) {
      Onnx.model(
        Onnx.graph(
          [], initializers: [Onnx.tensor("w", [2, 2], bytes: Array(repeating: 0, count: 12))]))
    },
    Defect("no data", "tensor 'w' of type float32 and shape [3] takes 12 bytes but has 0") {
      Onnx.model(Onnx.graph([], initializers: [Onnx.tensor("w", [3], bytes: [])]))
    },
    Defect("too few strings", "tensor 'w' of shape [2] has 0 strings") {
      Onnx.model(Onnx.graph([], initializers: [Onnx.tensor("w", [2], type: 8, bytes: [])]))
    },
    Defect("data in nowhere", "tensor 'w' has the data location 7, not 0 or 1") {
      var tensor = Onnx.tensor("w", [1])
      tensor.set("data_location", 7)
      return Onnx.model(Onnx.graph([], initializers: [tensor]))
    },
    Defect("external without location", "tensor 'w' is external but has no 'location'") {
      Onnx.model(Onnx.graph([], initializers: [Onnx.external("w", [1], [])]))
    },
    Defect("location twice", "tensor 'w' has two 'location' entries in 'external_data'") {
      external([("location", "w.bin"), ("location", "w.bin")])
    },
    Defect("offset that is no number", "tensor 'w' has the external 'offset' '-4', not a size") {
      external([("location", "w.bin"), ("offset", "-4")])
    },
    Defect("length that disagrees", "tensor 'w' takes 16 bytes but its external 'length' is 12") {
      external([("location", "w.bin"), ("length", "12")])
    },
    Defect(
      "offset past the end", "tensor 'w' takes 16 bytes at offset 4 of 'w.bin', which has 16"
    ) { external([("location", "w.bin"), ("offset", "4")]) },
    Defect(
      "offset that overflows",
      "tensor 'w' takes 16 bytes at offset 9223372036854775800 of 'w.bin', which has 16"
    ) { external([("location", "w.bin"), ("offset", "9223372036854775800")]) },
    Defect("path upwards", leaves("../w.bin")) { external([("location", "../w.bin")]) },
    Defect("path upwards within", leaves("a/../../w.bin")) {
      external([("location", "a/../../w.bin")])
    },
    Defect("absolute path", leaves("/etc/hostname")) { external([("location", "/etc/hostname")]) },
    Defect("link that leads out", leaves("link.bin")) { external([("location", "link.bin")]) },
    Defect("folder that leads out", leaves("folder/w.bin")) {
      external([("location", "folder/w.bin")])
    },
    Defect(
      "missing file",
      "the data of tensor 'w' is in 'gone.bin', which cannot be opened: No such file or directory"
    ) { external([("location", "gone.bin")]) },
    Defect("attribute twice", "Elu 'y': attribute 'alpha' is given twice") {
      Onnx.simple([
        Onnx.node(
          "Elu", ["x"], ["y"],
          [Onnx.attribute("alpha", float: 1), Onnx.attribute("alpha", float: 2)])
      ])
    },
    Defect("attribute without name", "Elu 'y': an attribute has no name") {
      Onnx.simple([Onnx.node("Elu", ["x"], ["y"], [Onnx.attribute("", float: 1)])])
    },
    Defect(
      "attribute of an unknown kind", "Elu 'y': attribute 'alpha' has the kind 77, not 1 to 14"
    ) { Onnx.simple([Onnx.node("Elu", ["x"], ["y"], [Onnx.attribute("alpha", type: 77)])]) },
    Defect("tensor attribute without tensor", "Constant 'y': attribute 'value' has no value") {
      Onnx.simple([Onnx.node("Constant", [], ["y"], [Onnx.attribute("value", type: 4)])])
    },
    Defect("two functions of a name", "the model has two functions 'f'") {
      var function = ProtoMessage(.onnxFunction)
      function.set("name", "f")
      function.set("domain", "own")
      var model = Onnx.simple([Onnx.node("Relu", ["x"], ["y"])])
      model.set("functions", [function, function])
      return model
    },
    Defect("graphs nested too deep", "If 'If_0': graphs are nested more than 24 deep") {
      var graph = Onnx.graph([], outputs: [])
      for _ in 0..<26 {
        graph = Onnx.graph([
          Onnx.node("If", ["x"], [], [Onnx.attribute("then_branch", graph: graph)])
        ])
      }
      return Onnx.model(
        Onnx.graph(graph.messages("node"), inputs: [Onnx.value("x", ["1"], type: 9)]))
    },
  ]

  private static func external(_ entries: [(key: String, value: String)]) -> ProtoMessage {
    Onnx.model(Onnx.graph([], initializers: [Onnx.external("w", [4], entries)]))
  }

  private static func leaves(_ location: String) -> String {
    "the data of tensor 'w' is in '\(location)', which leaves the model's folder"
  }

  @Test func thereAreEnough() {
    #expect(Self.defects.count >= 40)
    #expect(Set(Self.defects.map(\.name)).count == Self.defects.count)
  }

  @Test(arguments: defects) func isRefused(_ defect: Defect) throws {
    let outside = Scratch()
    _ = try outside.write("w.bin", Array(repeating: 0, count: 16))
    let folder = Scratch()
    _ = try folder.write("w.bin", Array(repeating: 0, count: 16))
    #expect(symlink(outside.path + "/w.bin", folder.path + "/link.bin") == 0)
    #expect(symlink(outside.path, folder.path + "/folder") == 0)
    let path = try folder.write("model.onnx", defect.model().encoded())
    #expect(messages { _ = try ONNXModel(path: path) } == [defect.message])
    do {
      _ = try ONNXModel(path: path)
    } catch let diagnostic as Diagnostic {
      #expect(diagnostic.code == .malformed)
      #expect(diagnostic.location?.file == path)
    }
  }

  @Test func everyCutIsRefused() throws {
    let folder = Scratch()
    let whole = try Onnx.simple(
      [Onnx.node("Add", ["x", "w"], ["y"])], initializers: [Onnx.tensor("w", [2, 3])]
    ).encoded()
    for count in 0..<whole.count {
      let path = try folder.write("cut.onnx", Array(whole.prefix(count)))
      #expect(throws: Diagnostic.self, "\(count) bytes") { try ONNXModel(path: path) }
    }
  }

  @Test func whatIsNoProtobufIsRefused() throws {
    let folder = Scratch()
    for bytes in [
      Array("not a model".utf8), [0x50, 0x4B, 3, 4], Array(repeating: 0xFF, count: 64),
    ] {
      let path = try folder.write("model.onnx", bytes)
      #expect { try ONNXModel(path: path) } throws: { ($0 as? Diagnostic)?.code == .malformed }
    }
  }

  @Test func versionsPastTheKnownAreNamed() throws {
    let folder = Scratch()
    let graph = Onnx.graph([])
    #expect(
      messages { _ = try folder.read(Onnx.model(graph, opset: 99)) }
        == ["uses opset 99, not one of 7...28"])
    #expect(
      messages { _ = try folder.read(Onnx.model(graph, irVersion: 99)) }
        == ["has IR version 99, newer than 14"])
  }

  @Test func externalDataInTheFolderIsRead() throws {
    let folder = Scratch()
    _ = try folder.write("w.bin", [0, 0, 128, 63] + [0, 0, 0, 64])
    let model = try folder.read(
      Onnx.model(
        Onnx.graph(
          [],
          initializers: [
            Onnx.external("w", [1], [("location", "w.bin"), ("offset", "4"), ("length", "4")])
          ])))
    guard case .numbers(let source) = model.graph.initializers[0].content else {
      Issue.record("no numbers")
      return
    }
    #expect(try source.materialized().floats == [2])
  }

  @Test func nodesInAnotherOrderAreSorted() throws {
    let folder = Scratch()
    let model = try folder.read(
      Onnx.simple([
        Onnx.node("Relu", ["p"], ["y"], name: "b"), Onnx.node("Abs", ["x"], ["p"], name: "a"),
      ]))
    #expect(model.graph.nodes.map(\.name) == ["a", "b"])
  }
}
