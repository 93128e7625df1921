// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Testing

/// One operation for each constraint that violates it alone, and what the user reads.
@Suite struct ConstraintTests {
  struct Rejected: CustomTestStringConvertible, Sendable {
    let operation: OperationCase
    /// `Constraint.text`; empty for what inference itself refuses.
    let constraint: String
    let message: String
    var testDescription: String { operation.text }

    init(_ operation: String, _ constraint: String, _ message: String) {
      self.operation = OperationCase(operation)
      self.constraint = constraint
      self.message = message
    }
  }

  @Test(arguments: Rejected.all) func saysWhatIsWrong(_ rejected: Rejected) throws {
    let diagnostic = try #require(throws: Diagnostic.self) { try rejected.operation.results() }
    #expect(diagnostic.message == "\(rejected.operation.name): \(rejected.message)")
    let spec = try #require(Catalogue.standard[rejected.operation.name])
    #expect(
      rejected.constraint.isEmpty || spec.constraints.contains { $0.text == rejected.constraint })
  }

  /// The constraint that a row names is what rejects it: without it, inference either succeeds or
  /// has something else to say.
  @Test func everyConstraintHasARow() {
    let rows = Set(Rejected.all.map { "\($0.constraint)" })
    let operations = Set(InferenceTests.Recorded.all.map(\.operation.name))
    let missing = Catalogue.standard.specs.values.filter { operations.contains($0.name) }
      .flatMap { spec in spec.constraints.map { (spec.name, $0.text) } }
      .filter { !rows.contains($0.1) }.map { "\($0.0): \($0.1)" }.sorted()
    #expect(missing == [])
  }

  /// What every signature refuses.
  @Test(arguments: [
    ("softmax iOS15 axis=1", "softmax: operand 'x' is missing"),
    (
      "softmax iOS15 x=int32[2]",
      "softmax: 'x' is int32, which iOS15 does not allow (float16, float32)"
    ),
    ("softmax iOS15 x=float16[2] axis=int32[]", "softmax: 'axis' must be a constant"),
    ("add iOS15 x=float16[2] y=float32[2]", "add: 'y' is float32 but 'x' is float16"),
    (
      "leaky_relu iOS16 x=float16[2] alpha=float32[]!",
      "leaky_relu: 'alpha' is float32 but 'x' is float16"
    ),
    (
      "add iOS15 x={float16[2];float16[2]} y=float16[2]",
      "add: 'x' is bound to 2 values, not one"
    ),
    ("read_state iOS18 input=float16[2]", "read_state: 'input' must be a state"),
    ("list_length iOS18 ls=float16[2]", "list_length: 'ls' must be a list"),
  ])
  func signatures(_ text: String, _ message: String) throws {
    let diagnostic = try #require(throws: Diagnostic.self) { try OperationCase(text).results() }
    #expect(diagnostic.message == message)
  }

  @Test(arguments: [
    (
      "resize iOS16 x=float16[2,3] shape=[2] resized_dims=1",
      "needs the MIL operation 'resize', which iOS16 lacks", "use a target of iOS17 or later"
    ),
    (
      "gru iOS17 x=float16[2,3,4] input_bias=float16[9]!",
      "needs operand 'input_bias' of the MIL operation 'gru', which iOS17 lacks",
      "use a target of iOS18 or later"
    ),
    (
      "conv iOS15 x=float16[1,3,8] weight=float16[4,3,3]! pad_type=\"same_lower\"",
      "conv: 'pad_type' is 'same_lower', which iOS15 does not allow",
      "use a target of iOS16 or later"
    ),
  ])
  func targets(_ text: String, _ message: String, _ remedy: String) throws {
    let diagnostic = try #require(throws: Diagnostic.self) { try OperationCase(text).results() }
    #expect(diagnostic.message == message)
    #expect(diagnostic.remedy == remedy)
    #expect(diagnostic.code == .unsupportedByTarget)
  }
}
