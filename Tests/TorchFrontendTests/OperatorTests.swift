// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors
import TestSupport
import Testing
import TorchFrontend

/// Every expression of `Fixtures/torch-ops`: it lowers and agrees with PyTorch, or it is listed in
/// `UnsupportedExpressions` with the reason.
@Suite struct OperatorTests {
  static let families = RecordedModel.names(in: "torch-ops")

  @Test func thereAreExpressions() throws {
    let count = try Self.families.reduce(0) {
      $0 + (try RecordedModel("torch-ops", $1).outputNames().count)
    }
    #expect(count >= 700)
  }

  @Test(arguments: families) func agrees(_ family: String) throws {
    try check(family, .iOS18)
  }

  @Test(arguments: [Opset.iOS15, .iOS16, .iOS17], families)
  func agreesOnOlderTargets(_ opset: Opset, _ family: String) throws {
    try check(family, opset)
  }

  private func check(_ family: String, _ opset: Opset) throws {
    let recorded = try RecordedModel("torch-ops", family)
    let labels = try Self.labels(recorded)
    let known = UnsupportedExpressions.all[family] ?? [:]
    let options = TorchOptions(opset: opset)
    var program = try recorded.program()
    var problems: [Diagnostic] = []
    do {
      _ = try program.lower(options)
    } catch let list as DiagnosticList {
      problems = list.diagnostics
      program = program.without(Set(list.diagnostics.compactMap { $0.location?.node }))
    }
    let kept = Set(
      program.outputs.compactMap { spec -> String? in
        if case .user(.tensor(let name)) = spec { name } else { nil }
      })
    let missing = Set(labels.filter { !kept.contains($0.key) }.map(\.value))
    let expected = Set(known.filter { $0.value.applies(to: opset) }.map(\.key))
    let reasons = problems.map { "\($0)" }.joined(separator: "\n")
    #expect(missing == expected, "\(family) for \(opset): \(reasons)")
    guard !kept.isEmpty else { return }
    let model = try LoweredModel(program, options)
    #expect(model.problems() == [])
    for call in try recorded.calls() {
      let results = try model.run(call.inputs)
      for (output, label) in labels where kept.contains(output) {
        guard let expected = call.expected[output] else { continue }
        let error = deviation(results[output], expected)
        #expect(error <= Self.tolerance(label), "\(family) for \(opset): \(label)")
      }
    }
  }

  /// Expressions in small types are computed in float32: PyTorch's rounding is the measure.
  private static func tolerance(_ label: String) -> Double {
    if label.contains("bfloat16") { return 1.0 / 256 }
    return 1e-4
  }

  private static func labels(_ recorded: RecordedModel) throws -> [String: String] {
    var labels: [String: String] = [:]
    for node in try recorded.signature.elements("outputs") {
      guard try node.string("kind") == "TensorArgument" else { continue }
      labels[try node.string("name")] = try node.string("label")
    }
    return labels
  }
}

extension TorchProgram {
  /// The program without the nodes `failed` and everything that depends on them.
  func without(_ failed: Set<String>) -> TorchProgram {
    var copy = self
    var gone = failed
    copy.graph.nodes.removeAll { node in
      let reads = node.inputs.flatMap { $0.argument.tensorNames }
      guard gone.contains(node.name) || reads.contains(where: gone.contains) else { return false }
      gone.insert(node.name)
      gone.formUnion(node.outputs.flatMap(\.tensorNames))
      // A write that is left out leaves what it was to change unknown.
      if node.target.contains("_."), let first = reads.first { gone.insert(first) }
      return true
    }
    copy.outputs.removeAll { spec in
      if case .user(let argument) = spec {
        argument.tensorNames.contains(where: gone.contains)
      } else {
        false
      }
    }
    return copy
  }
}

extension TorchArgument {
  var tensorNames: [String] {
    switch self {
    case .tensor(let name): [name]
    case .tensors(let items): items.flatMap(\.tensorNames)
    default: []
    }
  }
}
