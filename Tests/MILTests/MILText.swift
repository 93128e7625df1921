// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Testing

/// An operation as text, and the types of its results.
struct ShapeCase: Sendable, CustomTestStringConvertible {
  var opset: Opset
  var inputs: String
  var call: String
  var results: [String]
  /// What the symbols may be: `T in 1...512`.
  var symbols = ""

  init(
    _ opset: Opset, _ inputs: String, _ call: String, _ results: [String],
    where symbols: String = ""
  ) {
    self.opset = opset
    self.inputs = inputs
    self.call = call
    self.results = results
    self.symbols = symbols
  }

  var testDescription: String { "\(opset.identifier) \(call)" }

  /// The types that the catalogue infers for the results of `call`.
  func inferred() throws -> [String] {
    let names = results.indices.map { "%y\($0)" }.joined(separator: ", ")
    let condition = symbols.isEmpty ? "" : " where \(symbols)"
    let program = try Program(
      text: """
        func main(\(inputs)) opset \(opset.identifier)\(condition) {
          \(results.isEmpty ? "" : names + " = ")\(call)
          return \(names)
        }
        """)
    let function = program.functions[0]
    return function.body.outputs.map { function.values[$0].type.description }
  }
}

/// Expects `body` to throw one diagnostic with exactly `message`.
func expectDiagnostic(
  _ message: String, _ location: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) {
  do {
    try body()
    Issue.record("nothing was thrown, expected: \(message)", sourceLocation: location)
  } catch let diagnostic as Diagnostic {
    #expect(diagnostic.message == message, sourceLocation: location)
  } catch {
    Issue.record("another error: \(error)", sourceLocation: location)
  }
}
