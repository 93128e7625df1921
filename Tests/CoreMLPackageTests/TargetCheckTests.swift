// SPDX-License-Identifier: Apache-2.0
import CoreMLPackage
import Diagnostics
import MIL
import Tensors
import Testing

/// A package that differs from a sound one in one respect, and what a target has against it.
struct TargetCase: CustomTestStringConvertible {
  let target: String
  let sample: String
  let expected: [String]
  let change: @Sendable (inout ModelPackage) -> Void

  var testDescription: String { "\(sample) for \(target): \(expected.first ?? "fine")" }

  init(
    _ sample: String, _ target: String, _ expected: [String],
    _ change: @escaping @Sendable (inout ModelPackage) -> Void = { _ in }
  ) {
    self.sample = sample
    self.target = target
    self.expected = expected
    self.change = change
  }

  /// A case about the inputs of a description: `x` and `z`, float32 tensors.
  static func inputs(_ target: String, _ inputs: [Feature], _ expected: [String]) -> TargetCase {
    TargetCase("mlp-iOS15", target, expected) { $0.description.functions[0].inputs = inputs }
  }
}

private func array(
  _ name: String, _ dtype: DType? = .float32, _ shape: [Int] = [1, 64],
  _ flexibility: ArrayFeature.Flexibility? = nil, isOptional: Bool = false
) -> Feature {
  Feature(
    name, .multiArray(ArrayFeature(dtype, shape, flexibility: flexibility)), isOptional: isOptional)
}

private func list(_ name: String, _ lengths: [Int], isOptional: Bool = false) -> Feature {
  array(
    name, .float32, [1, lengths[0]], .enumerated(lengths.map { [1, $0] }), isOptional: isOptional)
}

private func range(_ name: String, _ upper: Int?) -> Feature {
  array(name, .float32, [1, 64], .ranges([SizeRange(1, 1), SizeRange(1, upper)]))
}

private func state(_ dtype: DType, _ flexibility: ArrayFeature.Flexibility? = nil) -> Feature {
  Feature("cache", .state(ArrayFeature(dtype, [1, 8], flexibility: flexibility)))
}

@Suite struct TargetCheckTests {
  static let cases: [TargetCase] = [
    TargetCase("mlp-iOS15", "iOS15", []),
    TargetCase("mlp-iOS16", "macOS13", []),
    TargetCase(
      "mlp-iOS16", "iOS15",
      [
        "the package has specification version 7 (iOS16); iOS15 loads at most 6",
        "the input 'x' is float16, which iOS15 does not support",
        "the output 'y' is float16, which iOS15 does not support",
      ]),
    TargetCase("accumulator", "iOS18", []),
    TargetCase(
      "accumulator", "iOS17",
      [
        "the package has specification version 9 (iOS18); iOS17 loads at most 8",
        "the state 'accumulator' is a state, which iOS17 does not support",
        "needs the MIL operation 'read_state', which iOS17 lacks",
        "needs the MIL operation 'write_state', which iOS17 lacks",
        "needs the MIL operation 'read_state', which iOS17 lacks",
      ]),
    TargetCase(
      "functions", "macOS14",
      [
        "the package has specification version 9 (iOS18); macOS14 loads at most 8",
        "the model has functions by name, which macOS14 does not support",
      ]),
    TargetCase("compressed-iOS16", "iOS16", []),
    TargetCase(
      "compressed-iOS18", "iOS17",
      [
        "the package has specification version 9 (iOS18); iOS17 loads at most 8",
        "the weight 'q' is int4, which iOS17 does not support",
        "the weight 'indices' is uint3, which iOS17 does not support",
        "needs the MIL operation 'constexpr_blockwise_shift_scale', which iOS17 lacks",
        "constexpr_lut_to_dense: 'indices' is uint3, which iOS17 does not allow (uint8)",
        "constexpr_lut_to_dense: operand 'shape' is missing",
      ]),
    .inputs("iOS26", [array("x", .int8)], []),
    .inputs("iOS18", [array("x", .int8)], ["the input 'x' is int8, which iOS18 does not support"]),
    .inputs(
      "iOS26", [array("x", .float64)],
      [
        "the input 'x' is float64, which Core ML does not support"
      ]),
    .inputs(
      "iOS26", [array("x", nil)], ["the input 'x' has no dtype, which Core ML does not support"]),
    .inputs("iOS17", [], ["it has no inputs, which iOS17 does not support"]),
    .inputs("iOS18", [], []),
    .inputs("iOS15", [range("x", 512), range("z", 64)], []),
    .inputs(
      "iOS18", [range("x", nil)],
      [
        "the input 'x' has no largest extent along axis 1, which Core ML does not support"
      ]),
    .inputs(
      "iOS18", [array("x", .float32, [1, 9], .ranges([SizeRange(0, 1), SizeRange(1, 8)]))],
      [
        "the input 'x' can be empty along axis 0, which Core ML does not support",
        "the input 'x' has the default extent 9 along axis 1, outside 1...8, which Core ML does not "
          + "support",
      ]),
    .inputs("iOS15", [list("x", [64, 128]), array("z")], []),
    .inputs(
      "iOS17", [list("x", [64, 128]), list("z", [1, 2])],
      [
        "several inputs have lists of shapes ('x', 'z'), which iOS17 does not support"
      ]),
    .inputs("iOS18", [list("x", [64, 128]), list("z", [1, 2])], []),
    .inputs(
      "iOS18", [list("x", [64, 128]), list("z", [1, 2, 3])],
      [
        "the inputs have lists of shapes of different lengths ('x' 2, 'z' 3), which Core ML does not "
          + "support"
      ]),
    .inputs(
      "iOS17", [list("x", [64, 128, 128])],
      [
        "the input 'x' has a list with the same shape twice, which iOS17 does not support"
      ]),
    .inputs(
      "iOS18", [list("x", [64, 128]), range("z", 128)],
      [
        "the input 'x' has a list of shapes and the input 'z' a range of extents, which Core ML does "
          + "not support"
      ]),
    .inputs(
      "iOS18", [array("x", .float32, [1, 5], .enumerated([[1, 64]]))],
      [
        "the input 'x' has a default shape [1, 5] that is not in its list, which Core ML does not "
          + "support"
      ]),
    .inputs(
      "iOS18", [list("x", Array(1...129))],
      [
        "the input 'x' has a list of 129 shapes, which Core ML does not support"
      ]),
    .inputs(
      "iOS18", [list("x", [1, 2], isOptional: true)],
      [
        "the input 'x' is optional and has a list of shapes, which Core ML does not support"
      ]),
    .inputs(
      "iOS15",
      [
        Feature("x", .image(ImageFeature(width: 8, height: 8, colorSpace: .grayscaleFloat16)))
      ], ["the input 'x' is an image of float16, which iOS15 does not support"]),
    .inputs(
      "iOS15",
      [
        Feature("x", .image(ImageFeature(width: 8, height: 8, colorSpace: .rgb)))
      ], []),
    .inputs(
      "iOS15", [Feature("x", .string)],
      [
        "the input 'x' is no tensor, which Core ML does not support"
      ]),
    TargetCase("accumulator", "iOS26", []) {
      $0.description.functions[0].states = [state(.int8)]
    },
    TargetCase("accumulator", "iOS18", ["the state 'cache' is int8, which iOS18 does not support"])
    {
      $0.description.functions[0].states = [state(.int8)]
    },
    TargetCase(
      "accumulator", "iOS26",
      [
        "the state 'cache' is float32, which Core ML does not support"
      ]
    ) { $0.description.functions[0].states = [state(.float32)] },
    TargetCase(
      "accumulator", "iOS26",
      [
        "the state 'cache' has a flexible shape, which Core ML does not support"
      ]
    ) { $0.description.functions[0].states = [state(.float16, .enumerated([[1, 8]]))] },
  ]

  @Test(arguments: cases)
  func lists(_ problem: TargetCase) throws {
    var package = try Programs.sample(problem.sample).package()
    problem.change(&package)
    let target = try DeploymentTarget(parsing: problem.target)
    #expect(package.violations(of: target).map(\.message) == problem.expected)
  }

  @Test func mixedFlexibilityOfStatefulModelsHasTheReason() throws {
    var package = try Programs.sample("accumulator").package()
    package.description.functions[0].inputs = [list("x", [1, 2]), range("z", 128)]
    #expect(
      package.violations(of: .iOS18).first?.remedy
        == "give both a list or both a range: Core ML refuses to load a model that mixes them, as a "
        + "stateful model is prone to")
  }

  @Test func operationsSayWhereTheyComeFrom() throws {
    let build = FunctionBuilder(opset: .iOS18)
    let state = build.input("s", .state(TensorType(.float16, fixed: [1])))
    build.origin = Location(node: "add_1", module: "cache", sourceLine: "model.py:7")
    let value = try build.mil.read_state(input: state)
    let program = Program(functions: [try build.finish(outputs: [(name: "y", value: value)])])
    let package = try ModelPackage(program: program, specificationVersion: 9)
    let found = package.violations(of: .iOS16).first { $0.message.contains("read_state") }
    #expect(found?.location?.sourceLine == "model.py:7")
    #expect(found?.remedy == "use a target of iOS18 or later")
  }

  @Test(arguments: [
    ("mlp-iOS15", "iOS15", ""),
    ("mlp-iOS16", "iOS16", "the input 'x' is float16, which iOS15 does not support"),
    ("accumulator", "iOS18", "the state 'accumulator' is a state, which iOS17 does not support"),
    ("affine-iOS18", "iOS16", "the input 'x' is float16, which iOS15 does not support"),
    ("constants", "iOS15", ""),
  ])
  func findsTheOldestTarget(_ sample: String, _ target: String, _ reason: String) throws {
    let needs = try Programs.sample(sample).package().targetNeeds()
    #expect(needs.minimum?.name == target)
    #expect(needs.reasons.first?.diagnostic.message ?? "" == reason)
  }

  @Test func reasonsAreCounted() throws {
    let needs = try Programs.sample("accumulator").package().targetNeeds()
    let reads = needs.reasons.first { $0.diagnostic.message.contains("read_state") }
    #expect(reads?.count == 2)
  }

  @Test(arguments: recordedPackages)
  func recordedPackagesPassForTheirOwnTarget(_ path: String) throws {
    let package = try ModelPackage(contentsOf: path)
    let target = try #require(
      DeploymentTarget(specificationVersion: package.specificationVersion))
    #expect(package.violations(of: target).map(\.description) == [])
    #expect(package.targetNeeds().minimum != nil)
  }

  @Test(arguments: recordedPackages)
  func recordedProgramsAreSound(_ path: String) throws {
    let package = try ModelPackage(contentsOf: path)
    #expect(package.program.verify().map(\.description) == [])
  }
}
