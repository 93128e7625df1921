// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// Inputs for a model from a seed: the same on every machine.
///
/// Floats are near the normal distribution, pixels of images from 0 to 255. Integers that the model
/// uses as indices cover what it indexes; others are 0 or 1, as masks are.
struct RandomInputs {
  private let features: [FeatureDescription]
  private let limits: [String: Int]
  private var generator: SplitMix

  init(_ features: [FeatureDescription], _ function: Function, seed: UInt64) {
    self.features = features
    limits = IndexBounds(function).limits
    generator = SplitMix(state: seed)
  }

  /// The inputs of one prediction, of default shape or of the one given by name.
  mutating func next(shapes: [String: [Int]] = [:]) throws -> [String: MultiArray] {
    var inputs: [String: MultiArray] = [:]
    for feature in features {
      let shape = try shapes[feature.name] ?? feature.defaultShape()
      inputs[feature.name] = try array(feature, shape)
    }
    return inputs
  }

  private mutating func array(_ feature: FeatureDescription, _ shape: [Int]) throws -> MultiArray {
    guard let count = elementCount(shape), count <= 1 << 28 else {
      throw Diagnostic.error(
        .unsupportedArgument,
        "input '\(feature.name)' of shape \(shape) has too many elements for random values",
        fix: "give the input with --inputs")
    }
    let type = feature.elementType
    var values = [Double](repeating: 0, count: count)
    for index in values.indices {
      if feature.kind == .image {
        values[index] = Double(generator.below(256))
      } else if type.dtype.isFloat {
        values[index] = generator.normal()
      } else {
        values[index] = Double(generator.below(limits[feature.name] ?? 2))
      }
    }
    return try MultiArray(values, as: type, shape: shape)
  }
}

extension FeatureDescription {
  /// The default shape. Throws where an extent has none.
  func defaultShape() throws -> [Int] {
    if case .enumerated(let shapes) = flexibility, let first = shapes.first { return first }
    return try shape.enumerated().map { axis, extent in
      if let extent { return extent }
      if case .ranges(let extents) = flexibility { return max(1, extents[axis].lower) }
      throw Diagnostic.error(
        .unsupportedArgument, "input '\(name)' has no default extent along axis \(axis)",
        fix: "give the input with --inputs")
    }
  }
}

/// Sebastiano Vigna's generator: small, and the same everywhere.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// From 0 up to `limit`, which is positive.
  mutating func below(_ limit: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(limit)).high)
  }

  /// A sum of uniform numbers with mean 0 and variance 1, in exact arithmetic: no logarithm, whose
  /// last bit differs between machines.
  mutating func normal() -> Double {
    var sum = 0.0
    for _ in 0..<12 { sum += Double(next() >> 40) / Double(1 << 24) }
    return sum - 6
  }
}
