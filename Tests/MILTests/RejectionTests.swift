// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Synchronization
import Testing

/// An operation that must be refused, and in what words.
struct Rejection: Sendable, CustomTestStringConvertible {
  var opset: Opset
  var inputs: String
  var call: String
  var message: String

  init(_ opset: Opset, _ inputs: String, _ call: String, _ message: String) {
    self.opset = opset
    self.inputs = inputs
    self.call = call
    self.message = message
  }

  var testDescription: String { "\(opset.identifier) \(call)" }

  /// Infers the type of a first result, which no operation has when it is refused.
  func run(_ catalogue: Catalogue = .standard) throws {
    let result = call.hasPrefix("write_state") ? "" : "%y = "
    _ = try Program(
      text: "func main(\(inputs)) opset \(opset.identifier) {\n\(result)\(call)\nreturn\n}",
      catalogue: catalogue)
  }
}

/// Which constraints have refused something.
private final class Refusals: Sendable {
  private let seen = Mutex<Set<String>>([])

  func insert(_ name: String, _ index: Int) {
    seen.withLock { _ = $0.insert("\(name) C\(index + 1)") }
  }

  func contains(_ name: String, _ index: Int) -> Bool {
    seen.withLock { $0.contains("\(name) C\(index + 1)") }
  }

  /// `spec` with constraints that note when they refuse.
  func watching(_ spec: OpSpec) -> OpSpec {
    let constraints = spec.constraints.enumerated().map { index, constraint in
      Constraint(constraint.text) { op in
        do { try constraint.check(op) } catch {
          self.insert(spec.name, index)
          throw error
        }
      }
    }
    let first = spec.revisions[0]
    return OpSpec(
      spec.name, since: first.since, operands: first.operands, domains: first.domains,
      revisions: Array(spec.revisions.dropFirst()), constraints: constraints, results: spec.results)
  }
}

@Suite struct RejectionTests {
  @Test("refused, in these words", arguments: Rejection.all)
  func refused(_ rejection: Rejection) {
    expectDiagnostic(rejection.message) { try rejection.run() }
  }

  @Test("every constraint of these operations has a case that it refuses")
  func coverage() {
    let refusals = Refusals()
    let catalogue = Catalogue(Catalogue.standard.specs.values.map(refusals.watching))
    for rejection in Rejection.all { try? rejection.run(catalogue) }
    let names = Set(
      Rejection.all.compactMap { $0.call.split(separator: "(").first.map(String.init) })
    for name in names.sorted() {
      guard let spec = Catalogue.standard[name] else {
        Issue.record("no operation '\(name)'")
        continue
      }
      for (index, constraint) in spec.constraints.enumerated() {
        #expect(refusals.contains(name, index), "\(name) C\(index + 1): \(constraint.text)")
      }
    }
  }
}
