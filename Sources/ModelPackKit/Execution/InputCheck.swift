// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL

/// Holds given tensors against what a function takes, and reports everything that does not fit.
struct InputCheck {
  private let function: Function
  private let features: [FeatureDescription]
  private var symbols: [String: (value: Int, input: String)] = [:]

  init(_ function: Function, _ features: [FeatureDescription]) {
    self.function = function
    self.features = features
  }

  /// Throws a `DiagnosticList` unless `inputs` are exactly those that the function takes.
  consuming func run(_ inputs: [String: MultiArray]) throws {
    var problems = DiagnosticCollector()
    for feature in features {
      guard let array = inputs[feature.name] else {
        problems.report(.missing(feature))
        continue
      }
      problems.catching(at: nil) { try check(array, feature) }
    }
    let names = features.map(\.name)
    for name in inputs.keys.sorted() where !names.contains(name) {
      problems.report(.unknown(name, names))
    }
    try problems.throwIfErrors()
    try checkEnumeration(inputs)
  }

  private mutating func check(_ array: MultiArray, _ feature: FeatureDescription) throws {
    guard array.elementType == feature.elementType else {
      throw Diagnostic.elementType(array, feature)
    }
    // A number stands for a tensor of one element: Core ML has no scalar inputs.
    if array.shape.isEmpty, feature.shape == [1] { return }
    guard array.shape.count == feature.shape.count else {
      throw Diagnostic.shape(array, feature, "it must have \(feature.shape.count) axes")
    }
    switch feature.flexibility {
    case .fixed:
      for (axis, extent) in feature.shape.enumerated() {
        if let extent, array.shape[axis] != extent {
          throw Diagnostic.shape(array, feature, "axis \(axis) must be \(extent)")
        }
      }
    case .ranges(let extents):
      for (axis, extent) in extents.enumerated() {
        let size = array.shape[axis]
        if size < extent.lower || size > extent.upper ?? .max {
          throw Diagnostic.shape(array, feature, "axis \(axis) must be in \(extent)")
        }
      }
    case .enumerated(let shapes):
      if !shapes.contains(array.shape) {
        throw Diagnostic.shape(array, feature, "it must be one of \(shapes)")
      }
    }
    try checkSymbols(array, feature)
  }

  /// Extents that the program knows to be equal, or to follow from others.
  private mutating func checkSymbols(_ array: MultiArray, _ feature: FeatureDescription) throws {
    guard let id = function.inputs.first(where: { function.values[$0].name == feature.name }),
      let type = function.values[id].type.tensor
    else { return }
    for (axis, dim) in type.shape.enumerated() {
      let size = array.shape[axis]
      if let symbol = dim.symbol, symbols[symbol] == nil {
        symbols[symbol] = (size, feature.name)
        continue
      }
      guard let expected = dim.evaluated({ symbols[$0]?.value }), expected != size else { continue }
      let others = dim.symbols.sorted().compactMap { symbols[$0]?.input }
      throw Diagnostic.shape(
        array, feature,
        "axis \(axis) must be \(expected)"
          + (others.isEmpty ? "" : " to go with input '\(others.joined(separator: "', '"))'"))
    }
  }

  /// Several enumerated inputs go together by their place in the lists.
  private func checkEnumeration(_ inputs: [String: MultiArray]) throws {
    var places: Set<Int>?
    for feature in features {
      guard case .enumerated(let shapes) = feature.flexibility, let array = inputs[feature.name]
      else { continue }
      let here = Set(shapes.indices.filter { shapes[$0] == array.shape })
      places = places?.intersection(here) ?? here
      if places?.isEmpty ?? false {
        throw Diagnostic.shape(
          array, feature, "it is not the shape that goes with those of the other inputs")
      }
    }
  }
}

extension Diagnostic.Code {
  /// A tensor that is not what the model takes.
  static let wrongInput = Self("wrong-input", .malformed)
}

extension Diagnostic {
  fileprivate static func missing(_ feature: FeatureDescription) -> Diagnostic {
    .error(.wrongInput, "input '\(feature.name)' is missing", notes: ["it is \(feature.text)"])
  }

  fileprivate static func unknown(_ name: String, _ names: [String]) -> Diagnostic {
    .error(
      .wrongInput, "the model has no input '\(name)'",
      fix: Suggestion.remedy(for: name, among: names, "inputs"))
  }

  fileprivate static func elementType(
    _ array: MultiArray, _ feature: FeatureDescription
  ) -> Diagnostic {
    .error(
      .wrongInput,
      "input '\(feature.name)' is \(array.elementType.rawValue), but the model takes "
        + feature.elementType.rawValue,
      fix: "convert it: array.astype(numpy.\(feature.elementType.rawValue))")
  }

  fileprivate static func shape(
    _ array: MultiArray, _ feature: FeatureDescription, _ rule: String
  ) -> Diagnostic {
    .error(
      .wrongInput, "input '\(feature.name)' has the shape \(array.shape): \(rule)",
      notes: ["the model takes \(feature.text)"])
  }
}

extension FeatureDescription {
  /// `float32[1, 1...512]`.
  var text: String { "\(elementType.rawValue)[\(shapeText)]" }
}
