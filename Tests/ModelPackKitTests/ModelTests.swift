// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import ModelPackKit
import TestSupport
import Testing

/// A fixture, converted once for the tests of a suite.
struct ConvertedModel {
  let folder = ScratchFolder()
  let path: String

  init(_ fixture: String, _ change: (inout ConversionRequest) -> Void = { _ in }) throws {
    path = folder("model.mlpackage")
    var request = ConversionRequest(source: Fixture.path(fixture))
    change(&request)
    try ModelPack.convert(request, to: path)
  }
}

@Suite struct ModelTests {
  /// Predictions of one number each, on `state`.
  private func predict(
    _ values: [Float], _ model: Model, _ state: ModelState
  ) throws -> [Double] {
    try values.map { value in
      let x = try MultiArray([value], shape: [1])
      let outputs = try model.prediction(from: ["x": x], using: state)
      return try #require(outputs.values.first).doubles[0]
    }
  }

  @Test(arguments: [ConversionRequest.Precision.float16, .float32])
  func accumulator(_ precision: ConversionRequest.Precision) throws {
    let converted = try ConvertedModel("torch/accumulator.pt2") { $0.precision = precision }
    let model = try Model(contentsOf: converted.path)
    let (first, second) = (try model.makeState(), try model.makeState())
    #expect(try predict([2, 5, -1], model, first) == [4, 49, 36])
    #expect(try predict([9, 2], model, second) == [81, 121])
    #expect(try predict([3, 7], model, first) == [81, 256])
  }

  @Test func cumulativeSum() throws {
    let converted = try ConvertedModel("torch/cumulative-sum.pt2")
    let model = try Model(contentsOf: converted.path)
    let state = try model.makeState()
    let name = try #require(state.names.first)
    #expect(try predict([1, 2, 3, 4], model, state) == [1, 3, 6, 10])
    try state.reset()
    #expect(try predict([5, 6, 7, 8], model, state) == [5, 11, 18, 26])
    try state.write(MultiArray([Float16(5)], shape: state.read(name).shape), to: name)
    #expect(try predict([9, 10, 11, 12], model, state) == [14, 24, 35, 47])
  }

  @Test func statesAreSeenAndChanged() throws {
    let converted = try ConvertedModel("torch/accumulator.pt2")
    let model = try Model(contentsOf: converted.path)
    let state = try model.makeState()
    #expect(state.names == ["accumulator"])
    _ = try predict([2], model, state)
    let copy = state.copy()
    let seen = try state.withMultiArray(for: "accumulator") { array in
      defer { array = MultiArray.zero(like: array) }
      return array.floats
    }
    #expect(seen == [2])
    #expect(try state.read("accumulator").floats == [0])
    #expect(try copy.read("accumulator").floats == [2])
    #expect(
      thrownText { _ = try state.read("accumulater") }
        == "wrong-input: the model has no state 'accumulater'")
    #expect(
      thrownText { try state.write(MultiArray([Float(1)]), to: "accumulator") }
        == "wrong-input: state 'accumulator' is given as float32[1], but it is float16[1]")
  }

  @Test func aFailedPredictionLeavesTheState() throws {
    let converted = try ConvertedModel("torch/accumulator.pt2")
    let model = try Model(contentsOf: converted.path)
    let state = try model.makeState()
    _ = try predict([3], model, state)
    let wrong = thrownText {
      _ = try model.prediction(from: ["y": MultiArray([Int32(1)])], using: state)
    }
    #expect(
      wrong == "wrong-input: input 'x' is missing\nwrong-input: the model has no input 'y'")
    #expect(try state.read("accumulator").floats == [3])
    #expect(
      thrownText { _ = try model.prediction(from: ["x": MultiArray([Float(1)])]) }
        == "usage: the model has states (accumulator) but none were given")
  }

  @Test func describesItself() throws {
    let converted = try ConvertedModel("torch/decoder.pt2")
    let model = try Model(contentsOf: converted.path)
    #expect(model.functionNames == ["main"])
    #expect(
      model.inputs.map(\.description) == [
        "tokens: int32[1, 1...47]", "mask: float32[1, 1, 1...47, 1...47]",
      ])
    #expect(model.states.map(\.description).first == "key_cache: float16[2, 1, 2, 48, 8]")
    #expect(model.outputs.map(\.name) == ["linear_14"])
  }

  @Test func flexibleShapesAreChecked() throws {
    let converted = try ConvertedModel("torch/decoder.pt2")
    let model = try Model(contentsOf: converted.path)
    let tokens = try MultiArray([Int32](repeating: 0, count: 60), shape: [1, 60])
    let mask = try MultiArray([Float](repeating: 0, count: 60), shape: [1, 1, 60, 1])
    #expect(
      thrownText { try model.check(["tokens": tokens, "mask": mask]) }
        == """
        wrong-input: input 'tokens' has the shape [1, 60]: axis 1 must be in 1...47
        wrong-input: input 'mask' has the shape [1, 1, 60, 1]: axis 2 must be in 1...47
        """)
  }

  @Test func enumeratedShapesAreChecked() throws {
    let model = try Model(
      contentsOf: Fixture.path("packages/enumerated-iOS18-float32.mlpackage"))
    let odd = try MultiArray([Float](repeating: 0, count: 3 * 17 * 16), shape: [1, 3, 17, 16])
    #expect(
      thrownText { try model.check(["image": odd]) }
        .hasPrefix("wrong-input: input 'image' has the shape [1, 3, 17, 16]: it must be one of [["))
  }

  @Test(arguments: [
    "mlp-iOS15-float16", "resnet-iOS15-float32", "decoder-iOS18-float16", "int4-block-iOS18",
    "palette4-iOS16", "lstm-iOS17-float32", "classifier-iOS16", "image-iOS15",
  ])
  func packagesOfOthersRun(_ name: String) throws {
    let model = try Model(contentsOf: Fixture.path("packages/\(name).mlpackage"))
    let state = model.states.isEmpty ? nil : try model.makeState()
    for call in Fixture.calls("packages/\(name)") {
      let inputs = Dictionary(
        uniqueKeysWithValues: try ArrayFile.readArchive(call.inputs).map { ($0.name, $0.array) })
      let outputs = try model.prediction(from: inputs, using: state)
      for (name, expected) in try ArrayFile.readArchive(call.expected) {
        let actual = try #require(outputs[name])
        let comparison = try #require(Comparison(expected: expected, actual: actual))
        #expect(comparison.relativeError < 0.02)
      }
    }
  }
}

extension MultiArray {
  fileprivate static func zero(like array: MultiArray) -> MultiArray {
    (try? MultiArray(array.doubles.map { _ in 0 }, as: array.elementType, shape: array.shape))
      ?? array
  }
}
