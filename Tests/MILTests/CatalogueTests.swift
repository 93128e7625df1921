// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors
import Testing

/// The catalogue against coremltools' registry.
@Suite struct CatalogueTests {
  /// What coremltools has and no program holds.
  static let leftOut = [
    "_const_symbolic": "stands for a shape while coremltools builds a program"
  ]

  struct Recorded: CustomTestStringConvertible, Sendable {
    let name: String
    let since: Opset
    let operands: [String]
    let domains: [String: Set<String>]
    var testDescription: String { "\(name) \(since)" }

    init(_ line: String) {
      let words = line.split(separator: " ").map(String.init)
      let bar = words.firstIndex(of: "|") ?? words.endIndex
      name = words[0]
      since = Opset.allCases.first { "\($0)" == words[1] } ?? .iOS15
      operands = Array(words[2..<bar])
      domains = Dictionary(
        uniqueKeysWithValues: words[bar...].dropFirst().map { word in
          let parts = word.split(separator: "=").map(String.init)
          return (parts[0], Set(parts[1].split(separator: ",").map(String.init)))
        })
    }

    static let all = fixtureLines("signatures.txt").map(Recorded.init).filter {
      leftOut[$0.name] == nil
    }
  }

  @Test func everyOperationIsThere() {
    let recorded = Set(Recorded.all.map(\.name))
    #expect(recorded.count == 168 - Self.leftOut.count)
    let missing = recorded.filter { Catalogue.standard[$0] == nil }.sorted()
    #expect(missing == [])
    let added = Set(Catalogue.standard.specs.keys).subtracting(recorded).sorted()
    #expect(added == ["write_state"], "an operation that coremltools' registry lacks")
  }

  @Test(arguments: Recorded.all) func signatureAgrees(_ recorded: Recorded) throws {
    let spec = try #require(Catalogue.standard[recorded.name])
    let signature = try #require(spec.signature(in: recorded.since))
    #expect(signature.since == recorded.since)
    let known = recorded.operands.filter { !$0.hasSuffix(":block") && !$0.hasSuffix(":internal") }
    #expect(
      Set(signature.operands.map { describe($0, signature) })
        == Set(known.map { expand($0, recorded.domains) }))
    #expect(sharing(signature) == sharing(known))
  }

  @Test func noRevisionIsInvented() {
    let recorded = Set(Recorded.all.map { "\($0.name) \($0.since)" }).union(["write_state iOS18"])
    let revisions = Catalogue.standard.specs.values.flatMap { spec in
      spec.revisions.map { "\(spec.name) \($0.since)" }
    }
    #expect(Set(revisions).subtracting(recorded).sorted() == [])
  }

  /// `axis*?:int32`, with the dtypes of a domain spelled out.
  private func describe(_ operand: Operand, _ signature: Signature) -> String {
    let mark = (operand.isConstant ? "*" : "") + (operand.isOptional ? "?" : "")
    let kind =
      switch operand.kind {
      case .variadic: "variadic"
      case .state: "state"
      case .list: "list"
      case .tensor:
        operand.types == .any
          ? "any" : signature.dtypes(of: operand).map(\.rawValue).sorted().joined(separator: ",")
      }
    return "\(operand.name)\(mark):\(kind)"
  }

  private func expand(_ operand: String, _ domains: [String: Set<String>]) -> String {
    let parts = operand.split(separator: ":").map(String.init)
    guard let dtypes = domains[parts[1]] else { return operand }
    return "\(parts[0]):\(dtypes.sorted().joined(separator: ","))"
  }

  /// Which operands must have one dtype.
  private func sharing(_ signature: Signature) -> Set<Set<String>> {
    var groups: [Domain: Set<String>] = [:]
    for operand in signature.operands {
      if case .domain(let domain) = operand.types {
        groups[domain, default: []].insert(operand.name)
      }
    }
    return Set(groups.values.filter { $0.count > 1 })
  }

  private func sharing(_ operands: [String]) -> Set<Set<String>> {
    var groups: [String: Set<String>] = [:]
    for operand in operands {
      let parts = operand.split(separator: ":").map(String.init)
      guard Domain(rawValue: parts[1].domainName) != nil else { continue }
      let name = parts[0].filter { $0 != "*" && $0 != "?" }
      groups[parts[1], default: []].insert(name)
    }
    return Set(groups.values.filter { $0.count > 1 })
  }
}

extension String {
  /// The name that the catalogue gives coremltools' `BOX_T` and `BOX_INDEX_T`.
  fileprivate var domainName: String {
    switch self {
    case "BOX_T": "BoxT"
    case "BOX_INDEX_T": "BoxIndexT"
    default: self
    }
  }
}
