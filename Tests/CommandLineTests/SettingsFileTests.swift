// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import ModelPackKit
import TestSupport
import Testing

/// Files of `quantize --config`, and their schema.
@Suite struct SettingsFileTests {
  let tool = Tool()

  // MARK: The schema

  /// Every key that is read is in the schema, and every key of the schema is read.
  @Test func keysOfTheSchema() throws {
    let schema = try SchemaCheck.schema("settings")
    for (path, keys) in [
      ([], ConfigurationKeys.top), (["$defs", "rule"], ConfigurationKeys.rule),
      (["$defs", "palette", "anyOf"], ConfigurationKeys.palette),
      (["$defs", "sparse", "anyOf"], ConfigurationKeys.sparse),
      (["$defs", "threshold", "anyOf"], ConfigurationKeys.threshold),
      (["$defs", "pattern", "anyOf"], ConfigurationKeys.pattern),
    ] as [([String], [String])] {
      let found = try #require(schema.member(path + ["properties"]))
      guard case .object(let properties) = found else {
        Issue.record("\(path) has no properties")
        continue
      }
      #expect(properties.keys.sorted() == keys.sorted(), "\(path)")
    }
  }

  private func texts(_ list: [String]) -> [JSON] { list.map { .string($0) } }
  private func numbers(_ list: [Int]) -> [JSON] { list.map { .int(Int64($0)) } }

  @Test func choicesOfTheSchema() throws {
    let schema = try SchemaCheck.schema("settings")
    typealias Choices = ConfigurationChoices
    let palette = ["$defs", "palette", "anyOf", "properties"]
    for (path, choices) in [
      (["properties", "dtype"], texts(Choices.dtype)),
      (["$defs", "rule", "properties", "dtype"], texts(Choices.dtype)),
      (["properties", "granularity"], texts(Choices.granularity)),
      (["properties", "mode"], texts(Choices.mode)),
      (["properties", "fit"], texts(Choices.fit)),
      (["properties", "indivisible"], texts(Choices.indivisible)),
      (["$defs", "axis"], texts(Choices.axis)),
      (["$defs", "bits"], numbers(Choices.bits)),
      (["$defs", "operation"], texts(Choices.operations)),
      (palette + ["mode"], texts(Choices.paletteMode)),
      (palette + ["cluster"], numbers(Choices.cluster)),
      (palette + ["table-dtype"], texts(Choices.tableDType)),
    ] as [([String], [JSON])] {
      #expect(schema.member(path + ["enum"]) == .array(choices), "\(path)")
    }
  }

  @Test(arguments: Self.good) func goodFilesFitTheSchema(_ text: String) throws {
    let node = try YAMLNode(parsing: Array(text.utf8), file: "c.yaml")
    #expect(SchemaCheck.problems(node.json, "settings") == [])
    var settings = QuantizationSettings()
    try settings.apply(configurationFile: tool.folder.file("c.yaml", text))
    // What is written fits too, and says the same.
    let written = settings.configuration(comment: ["The same again"])
    let again = try YAMLNode(parsing: Array(written.utf8), file: "d.yaml")
    #expect(SchemaCheck.problems(again.json, "settings") == [], "\(written)")
    var read = QuantizationSettings()
    try read.apply(configurationFile: tool.folder.file("d.yaml", written))
    #expect(read == settings, "\(written)")
    #expect(read.configuration(comment: ["The same again"]) == written)
  }

  static let good = [
    "", "{}", "dtype: int4\n", "{\"dtype\": \"uint8\", \"block\": 16}",
    "dtype: int8\ngranularity: per-tensor\nmode: asymmetric\nfit: error\nimportance: i.npz\n",
    "dtype: int4\nmin-elements: 0\ninclude: \"*a*\"\nexclude: [b, \"c?\"]\nindivisible: refuse\n",
    "palette: 6\n", "palette: {bits: 8, mode: uniform}\n",
    "palette: {bits: 4, mode: unique, table-dtype: int8}\n",
    "palette: {bits: 4, group: 16, group-axis: input, cluster: 2, channel-scale: true}\n",
    "palette: {bits: 2, table: [-1, -0.1, 1e-3, 3.4e+38]}\n",
    "sparse: 50%\n", "sparse: 0.25\n", "sparse: {share: \"12.5%\", block: 4, axis: input}\n",
    "threshold: 0.001\n", "threshold: {value: 1, minimum-share: 0}\n",
    "pattern: \"2:4\"\n", "pattern: {zeros: 3, group: 5, axis: output}\ndtype: int8\n",
    """
    dtype: int4
    sparse: 0.5
    rules:
      - weights: [a, "b: c"]
        palette: 4
        threshold: 0.5
      - names: "*x*"
        operations: [gather, linear]
        block: 8
        pattern: {zeros: 1, group: 2}
        min-elements: 7
      - operations: conv
        skip: true
    """,
  ]

  /// What the schema alone can find is refused by both.
  @Test(arguments: [
    "dtype: int5", "block: 0", "block: many", "palette: 5", "palette: {mode: kmeans}",
    "palette: {bits: 4, groups: 2}", "palette: {bits: 4, cluster: 3}", "sparse: 1.5",
    "sparse: half", "sparse: {block: 4}", "sparse: {share: 0.5, block: 1}", "threshold: -1",
    "threshold: {minimum-share: 1}", "pattern: 2", "pattern: {zeros: 2}", "min-elements: -1",
    "rules: {}", "rules: [{weights: [], dtype: int4}]", "rules: [{operations: add, skip: true}]",
    "rules: [{dtyp: int4}]", "indivisible: maybe", "bits: 4",
  ])
  func badFilesFitNeither(_ text: String) throws {
    let node = try YAMLNode(parsing: Array(text.utf8), file: "c.yaml")
    #expect(SchemaCheck.problems(node.json, "settings") != [])
    let path = tool.folder.file("c.yaml", text)
    var settings = QuantizationSettings()
    #expect(throws: DiagnosticList.self) { try settings.apply(configurationFile: path) }
  }

  // MARK: The command line

  @Test func everyFamilyInOneFile() {
    tool.convert("torch/decoder.pt2")
    tool.folder.file(
      "c.yaml",
      """
      dtype: int8
      min-elements: 0
      rules:
        - names: ["*feed_forward*"]
          palette: {bits: 4, group: 16}
        - weights: [head_weight_to_fp16, blocks_0_attention_key_weight_to_fp16]
          sparse: 50%
        - weights: blocks_1_attention_key_weight_to_fp16
          pattern: "2:4"
          dtype: int4
          block: 16
          fit: min-max
      """)
    let result = tool(
      "quantize", "model.mlpackage", "-o", "q.mlpackage", "--config", "c.yaml", "--json")
    #expect(result.code == 0, "\(result.errors)")
    let lines = result.output.split(separator: "\n")
    for (scheme, count) in [
      ("4-bit palette (k-means), groups of 16 output channels", 6), ("sparse 50 %", 2),
      ("sparse 2:4 along input channels, int4 symmetric, blocks of 16", 1),
      ("int8 symmetric, per channel, least error", 7),
    ] {
      #expect(lines.count { $0.hasSuffix("\"scheme\": \"\(scheme)\",") } == count, "\(scheme)")
    }
  }

  @Test func weightsThatAreNotThere() {
    tool.convert("torch/decoder.pt2")
    tool.folder.file(
      "c.yaml", "rules:\n  - weights: [head_weight_to_fp16, tail, \"head*\"]\n    dtype: int8\n")
    let result = tool("quantize", "model.mlpackage", "-o", "q.mlpackage", "--config", "c.yaml")
    #expect(result.code == 64)
    #expect(
      result.errors.hasSuffix(
        """
        a rule names the weight 'head*', which the model does not have (nor 1 other that rules name)
          fix: name weights as 'modelpack inspect --weights' does; 'names' takes patterns

        """), "\(result.errors)")
    #expect(!tool.folder.names.contains("q.mlpackage"))
  }

  /// What the command line says is not said again, and adds to the file.
  @Test(arguments: [
    ("dtype: int8\n", ["--int4"], "'dtype' and a type or palette"),
    ("block: 8\n", ["--palette", "4"], "'block' and a type or palette"),
    ("palette: 4\n", ["--int4"], "'palette' and a type or palette"),
    ("sparse: 0.5\n", ["--pattern", "2:4"], "'sparse' and pruning"),
  ])
  func saidTwice(_ text: String, _ options: [String], _ message: String) {
    tool.folder.file("c.yaml", text)
    let result = tool.run(
      ["quantize", "none.mlpackage", "-o", "q.mlpackage", "--config", "c.yaml"] + options)
    #expect(result.code == 65)
    #expect(
      result.errors.contains(
        "error: c.yaml: line 1: \(message) on the command line exclude each other\n"),
      "\(result.errors)")
  }

  @Test func theCommandLineAddsToTheFile() {
    tool.convert("torch/decoder.pt2")
    tool.folder.file("c.yaml", "sparse: 50%\nrules:\n  - operations: gather\n    block: 16\n")
    let result = tool(
      "quantize", "model.mlpackage", "-o", "q.mlpackage", "--config", "c.yaml", "--int4",
      "--min-elements", "600", "--json")
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.contains("\"sparse 50 %, int4 symmetric, blocks of 32, least error\""))
    #expect(result.output.contains("\"int4 symmetric, blocks of 16, least error\""))
  }
}

extension JSON {
  /// The member at a path; of the alternatives of `anyOf`, the one that has the rest.
  fileprivate func member(_ path: [String]) -> JSON? {
    guard let key = path.first else { return self }
    guard case .object(let object) = self, let value = object[key] else { return nil }
    let rest = Array(path.dropFirst())
    guard case .array(let alternatives) = value, !rest.isEmpty else { return value.member(rest) }
    return alternatives.lazy.compactMap { $0.member(rest) }.first
  }
}

extension YAMLNode {
  /// The same as a reader of YAML would give it to a schema.
  fileprivate var json: JSON {
    switch content {
    case .sequence(let elements): .array(elements.map(\.json))
    case .mapping(let members):
      .object(JSONObject(members.map { (key: $0.key, value: $0.value.json) }))
    case .scalar(let text, false): .string(text)
    case .scalar(let text, true):
      if isNull {
        .null
      } else if let bool = try? bool() {
        .bool(bool)
      } else if let int = try? int() {
        .int(Int64(int))
      } else if let double = try? double() {
        .double(double)
      } else {
        .string(text)
      }
    }
  }
}
