// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import ONNXFrontend
import ReferenceExecutor
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// ONNX's own tests of its operators, which `scripts/make-onnx-node-suite` writes. They run where
/// `MODELPACK_ONNX_NODE_SUITE` names their folder.
@Suite struct NodeSuiteTests {
  private static let folder = getenv("MODELPACK_ONNX_NODE_SUITE").map { String(cString: $0) }

  @Test(.enabled(if: folder != nil), arguments: [Opset.iOS15, .iOS18])
  func everyCaseAgrees(_ opset: Opset) throws {
    let folder = try #require(Self.folder)
    let skips = try Skips()
    let names = try entries(of: folder)
    #expect(names.count > 1000)
    var ran = 0
    for name in names where !skips.contains(name) {
      let problem = NodeCase(folder: folder + "/" + name).problem(opset)
      #expect(problem == nil, "\(name): \(problem ?? "")")
      ran += 1
    }
    print("\(ran) of \(names.count) cases for \(opset)")
  }

  /// A skip that matches nothing, or only what passes, is a skip too many.
  @Test(.enabled(if: folder != nil)) func everySkipIsNeeded() throws {
    let folder = try #require(Self.folder)
    let names = try entries(of: folder)
    for pattern in try Skips().patterns {
      let skipped = names.filter { matches($0[...], pattern[...]) }
      #expect(!skipped.isEmpty, "\(pattern) matches no case")
      #expect(
        skipped.contains { NodeCase(folder: folder + "/" + $0).problem(.iOS18) != nil },
        "every case of \(pattern) passes")
    }
  }

  private func entries(of folder: String) throws -> [String] {
    guard let stream = opendir(folder) else {
      throw Diagnostic.error(.notFound, at: Location(file: folder), "cannot open")
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}

/// The cases of `Fixtures/onnx-node-suite-skips.txt`.
private struct Skips {
  var patterns: [String] = []

  init() throws {
    let text = try repositoryText("Fixtures/onnx-node-suite-skips.txt")
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      patterns.append(String(line.prefix { $0 != ":" }))
    }
  }

  func contains(_ name: String) -> Bool { patterns.contains { matches(name[...], $0[...]) } }
}

/// Whether `name` is what `pattern` says, where `*` stands for anything and `?` for one character.
private func matches(_ name: Substring, _ pattern: Substring) -> Bool {
  guard let first = pattern.first else { return name.isEmpty }
  if first == "*" {
    return matches(name, pattern.dropFirst())
      || !name.isEmpty && matches(name.dropFirst(), pattern)
  }
  guard let next = name.first, first == "?" || first == next else { return false }
  return matches(name.dropFirst(), pattern.dropFirst())
}

/// One case: a model of one node, or of what ONNX defines the node by, and recorded data.
private struct NodeCase {
  let folder: String

  /// What is wrong with its conversion or its outputs; `nil` for nothing.
  func problem(_ opset: Opset) -> String? {
    do {
      let model = try ONNXModel(path: folder + "/model.onnx")
      let data = try ONNXTestData(path: folder + "/test_data_set_0", model: model)
      let executable = try Executable(lower(model, opset))
      var inputs: [String: Tensor] = [:]
      for feature in executable.inputs {
        guard let given = data.inputs.first(where: { $0.name == feature.name })?.data else {
          return "no data for \(feature.name)"
        }
        inputs[feature.name] = try Tensor(given)
      }
      let outputs = try executable.run(inputs)
      for (name, expected) in data.outputs {
        guard let found = try outputs[name]?.data() else { return "no output \(name)" }
        if let difference = difference(found, expected) { return "\(name): \(difference)" }
      }
      return nil
    } catch let list as DiagnosticList {
      // What an older target lacks is said by name; it is none of the node's.
      if list.diagnostics.allSatisfy({ $0.code == .unsupportedByTarget }) { return nil }
      return list.diagnostics.first.map { "\($0)" } ?? "fails"
    } catch {
      return "\(error)"
    }
  }

  /// The suite gives as inputs what models have as constants: shapes, axes, weights of recurrent
  /// layers. Where a node needs one to be known, it is made one.
  private func lower(_ model: ONNXModel, _ opset: Opset) throws -> Program {
    do {
      return try model.lower(opset: opset)
    } catch let list as DiagnosticList {
      let needed = list.diagnostics.contains {
        $0.code == .unsupportedArgument
          && ($0.message.contains("input '") || $0.message.hasSuffix("'weight' must be a constant"))
      }
      guard needed else { throw list }
      var constant = model
      let recurrent = model.graph.nodes.contains { ["GRU", "LSTM", "RNN"].contains($0.opType) }
      for (index, input) in model.inputs.enumerated() {
        var tensor = try ONNXTestData.stored(
          at: folder + "/test_data_set_0/input_\(index).pb")
        let isVector = tensor.shape.count <= 1
        let isParameter =
          recurrent
          ? input.name != "X" : input.name == "W" || isVector && isParameter(tensor, input)
        guard isParameter else { continue }
        tensor.name = input.name
        constant.graph.initializers.append(tensor)
      }
      return try constant.lower(opset: opset)
    }
  }

  private func isParameter(_ tensor: ONNXTensor, _ input: ONNXValueInfo) -> Bool {
    tensor.type.dtype?.isInteger ?? false
      || ["axis", "depth", "roi", "scales"].contains(input.name)
  }

  private func difference(_ found: TensorData, _ expected: TensorData) -> String? {
    guard found.shape == expected.shape else {
      return "shape \(found.shape), not \(expected.shape)"
    }
    let half = expected.dtype == .float16
    let scale = expected.doubles.filter(\.isFinite).map(abs).max() ?? 0
    let absolute = (half ? 1e-2 : 1e-5) * max(scale, 1)
    for (a, b) in zip(found.doubles, expected.doubles) {
      if a == b || a.isNaN && b.isNaN { continue }
      if !(abs(a - b) <= absolute + (half ? 2e-2 : 1e-3) * abs(b)) { return "\(a), not \(b)" }
    }
    return nil
  }
}

/// The folder of the repository, with a slash at its end.
let repositoryRoot: String = {
  var root = #filePath[...]
  while !root.isEmpty, !root.hasSuffix("/Tests/") { root = root.dropLast() }
  return String(root.dropLast("Tests/".count))
}()

/// The text of a file of the repository.
func repositoryText(_ path: String) throws -> String {
  let file = try SourceFile(path: repositoryRoot + path)
  return String(decoding: try file.bytes(0..<file.size), as: UTF8.self)
}
