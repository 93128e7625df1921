// SPDX-License-Identifier: Apache-2.0
package import Containers

/// How a package compares with what it was made from.
public struct Validation: Sendable {
  /// One output, or a state after the last step.
  public struct Output: Sendable {
    public var name: String
    /// Its name in the source, where it is another one.
    public var sourceName: String
    public var isState: Bool
    /// The worst of all steps.
    public var comparison: Comparison?
    /// The step, from 0, with the largest relative error.
    public var worstStep: Int
    /// Why there is no comparison.
    public var problem: String?
    public var passed: Bool
  }

  public var outputs: [Output]
  public var steps: Int
  /// The largest relative error that passes.
  public var tolerance: Double
  public var passed: Bool { outputs.allSatisfy(\.passed) }

  /// The document of `validate --json`; see `Schemas/validate.schema.json`.
  package var json: JSON {
    [
      "passed": .bool(passed), "steps": .integer(steps), "tolerance": .double(tolerance),
      "outputs": .array(outputs.map(\.json)),
    ]
  }
}

extension Validation.Output {
  fileprivate var json: JSON {
    .members([
      ("name", .string(name)), ("sourceName", .string(sourceName)),
      ("kind", .string(isState ? "state" : "output")), ("passed", .bool(passed)),
      ("largestError", comparison.map { .number($0.largestError) } ?? .null),
      ("relativeError", comparison.map { .number($0.relativeError) } ?? .null),
      ("decibels", comparison.map { .number($0.decibels) } ?? .null),
      ("topAgreement", comparison?.topAgreement.map { .double($0) } ?? .null),
      ("worstStep", .integer(worstStep)), ("problem", problem.map { .string($0) }),
    ])
  }
}

/// What to hold a package against.
public struct ValidationRequest: Sendable {
  public var package: String
  public var function: String?
  /// A source (`.pt2`, `.onnx`); an npz of outputs per call; or folders `test_data_set_N` as ONNX
  /// has them, with inputs and outputs.
  public var against: [String]
  /// An npz, or a folder `test_data_set_N`, per call on one state; random inputs where empty.
  public var inputs: [String] = []
  public var seed: UInt64 = 0
  /// Calls with random inputs, on one state; by default 4 for a model with states, else 1.
  public var steps: Int?
  public var tolerance = 0.02

  public init(package: String, against: [String]) {
    self.package = package
    self.against = against
  }
}
