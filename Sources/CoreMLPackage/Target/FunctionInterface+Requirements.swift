// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension FunctionInterface {
  /// What the features of a function need of a target.
  var requirements: [Requirement] {
    var found: [Requirement] = []
    if inputs.isEmpty {
      found.append(Requirement(9, "it has no inputs", fix: nil))
    }
    for feature in inputs { found += feature.requirements("input") }
    for feature in outputs { found += feature.requirements("output") }
    for feature in states { found += feature.stateRequirements }
    return found + flexibilityRequirements
  }

  /// Rules about the flexible inputs of a function taken together.
  private var flexibilityRequirements: [Requirement] {
    let listed = inputs.filter { $0.flexibility == .listed }
    let ranged = inputs.filter { $0.flexibility == .ranged }
    var found: [Requirement] = []
    if let list = listed.first, let range = ranged.first {
      found.append(
        Requirement(
          nil,
          "the input '\(list.name)' has a list of shapes and the input '\(range.name)' a range of "
            + "extents",
          fix: "give both a list or both a range: Core ML refuses to load a model that mixes them"
            + (states.isEmpty ? "" : ", as a stateful model is prone to")))
    }
    guard listed.count > 1 else { return found }
    let counts = listed.map { $0.shapeCount }
    if Set(counts).count > 1 {
      let text = zip(listed, counts).map { "'\($0.name)' \($1)" }.joined(separator: ", ")
      found.append(
        Requirement(
          nil, "the inputs have lists of shapes of different lengths (\(text))",
          fix: "give lists of one length: they correspond by position"))
    } else {
      let names = listed.map { "'\($0.name)'" }.joined(separator: ", ")
      found.append(Requirement(9, "several inputs have lists of shapes (\(names))"))
    }
    return found
  }
}

extension Feature {
  fileprivate enum Flexibility { case fixed, listed, ranged }

  fileprivate var flexibility: Flexibility {
    switch type {
    case .multiArray(let array):
      switch array.flexibility {
      case .enumerated: .listed
      case .ranges(let ranges): ranges.allSatisfy { $0.lower == $0.upper } ? .fixed : .ranged
      case nil: .fixed
      }
    case .image(let image):
      switch image.flexibility {
      case .enumerated: .listed
      case .ranges: .ranged
      case nil: .fixed
      }
    default: .fixed
    }
  }

  fileprivate var shapeCount: Int {
    switch type {
    case .multiArray(let array):
      if case .enumerated(let shapes) = array.flexibility { shapes.count } else { 0 }
    case .image(let image):
      if case .enumerated(let sizes) = image.flexibility { sizes.count } else { 0 }
    default: 0
    }
  }

  fileprivate func requirements(_ role: String) -> [Requirement] {
    let subject = "the \(role) '\(name)'"
    switch type {
    case .multiArray(let array):
      return array.requirements(subject, isInput: role == "input", isOptional: isOptional)
    case .image(let image): return image.requirements(subject, isInput: role == "input")
    case .state: return [Requirement(nil, "\(subject) is a state")]
    case .sequence: return [Requirement(nil, "\(subject) is a sequence")]
    case .int64, .string, .double, .dictionary:
      return role == "output" ? [] : [Requirement(nil, "\(subject) is no tensor")]
    }
  }

  /// States are float16 tensors of fixed shape that are always there.
  fileprivate var stateRequirements: [Requirement] {
    let subject = "the state '\(name)'"
    guard case .state(let array) = type else { return [Requirement(nil, "\(subject) is no state")] }
    var found = [
      Requirement(9, "\(subject) is a state", fix: "use --no-states, or a target of iOS18 or later")
    ]
    switch array.dtype {
    case .float16: break
    case .int8: found.append(Requirement(10, "\(subject) is int8"))
    default:
      found.append(
        Requirement(
          nil, "\(subject) is \(array.dtype?.rawValue ?? "of no dtype")", fix: "make it float16"))
    }
    if array.flexibility != nil {
      found.append(
        Requirement(nil, "\(subject) has a flexible shape", fix: "give it a fixed shape"))
    }
    if array.shape.isEmpty { found.append(Requirement(nil, "\(subject) has no shape")) }
    if isOptional { found.append(Requirement(nil, "\(subject) is optional")) }
    if array.defaultValue != nil {
      found.append(Requirement(nil, "\(subject) has a default value"))
    }
    return found
  }
}

extension ArrayFeature {
  fileprivate func requirements(
    _ subject: String, isInput: Bool, isOptional: Bool
  ) -> [Requirement] {
    var found: [Requirement] = []
    if let dtype {
      // float32 and int32 have always been there.
      if dtype.featureVersion != 6 {
        found.append(
          Requirement(
            dtype.featureVersion, "\(subject) is \(dtype.rawValue)",
            fix: dtype.featureVersion == nil ? "cast it to float32, float16 or int32" : nil))
      }
    } else if isInput {
      found.append(Requirement(nil, "\(subject) has no dtype"))
    }
    guard isInput else { return found }
    if shape.isEmpty { found.append(Requirement(nil, "\(subject) has no shape")) }
    switch flexibility {
    case .enumerated(let shapes): found += list(shapes, subject, isOptional: isOptional)
    case .ranges(let ranges): found += bounds(ranges, subject)
    case nil: break
    }
    return found
  }

  private func list(_ shapes: [[Int]], _ subject: String, isOptional: Bool) -> [Requirement] {
    var found: [Requirement] = []
    if !shapes.contains(shape) {
      found.append(
        Requirement(nil, "\(subject) has a default shape \(shape) that is not in its list"))
    }
    if Set(shapes).count < shapes.count {
      found.append(Requirement(9, "\(subject) has a list with the same shape twice"))
    }
    if shapes.count > FlexibleShape.limit {
      found.append(
        Requirement(
          nil, "\(subject) has a list of \(shapes.count) shapes",
          fix: "give at most \(FlexibleShape.limit)"))
    }
    if isOptional {
      found.append(Requirement(nil, "\(subject) is optional and has a list of shapes"))
    }
    return found
  }

  private func bounds(_ ranges: [SizeRange], _ subject: String) -> [Requirement] {
    var found: [Requirement] = []
    for (axis, range) in ranges.enumerated() {
      if range.upper == nil {
        found.append(
          Requirement(
            nil, "\(subject) has no largest extent along axis \(axis)",
            fix: "bound it, for example \(max(1, range.lower))...512"))
      }
      if range.lower < 1 {
        found.append(
          Requirement(
            nil, "\(subject) can be empty along axis \(axis)", fix: "begin the range at 1"))
      }
      if shape.indices.contains(axis),
        shape[axis] < range.lower || shape[axis] > range.upper ?? .max
      {
        found.append(
          Requirement(
            nil,
            "\(subject) has the default extent \(shape[axis]) along axis \(axis), outside "
              + range.description))
      }
    }
    return found
  }
}

extension ImageFeature {
  fileprivate func requirements(_ subject: String, isInput: Bool) -> [Requirement] {
    var found: [Requirement] = []
    switch colorSpace {
    case .grayscaleFloat16: found.append(Requirement(7, "\(subject) is an image of float16"))
    case .undeclared: found.append(Requirement(nil, "\(subject) is an image of no color space"))
    case .grayscale, .rgb, .bgr: break
    }
    // Outputs of flexible size have no bounds to give.
    if isInput, case .ranges(let width, let height) = flexibility,
      width.upper == nil || height.upper == nil
    {
      found.append(
        Requirement(nil, "\(subject) has no largest size", fix: "bound its width and height"))
    }
    return found
  }
}
