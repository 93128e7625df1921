// SPDX-License-Identifier: Apache-2.0
import CoreMLPackage
import MIL
import Tensors

/// Reads what a function takes and gives off its description and its program.
struct ModelInterface {
  let inputs: [FeatureDescription]
  let outputs: [FeatureDescription]
  let states: [FeatureDescription]

  init(_ function: Function, _ interface: FunctionInterface?) {
    let taken = function.inputs.map { function.values[$0] }
    inputs = taken.filter { $0.type.state == nil }.map {
      Self.feature($0, function, interface?.inputs)
    }
    outputs = function.body.outputs.map {
      Self.feature(function.values[$0], function, interface?.outputs)
    }
    states = taken.filter { $0.type.state != nil }.map {
      Self.feature($0, function, interface?.states)
    }
  }

  private static func feature(
    _ info: ValueInfo, _ function: Function, _ described: [Feature]?
  ) -> FeatureDescription {
    let feature = described?.first { $0.name == info.name }
    let tensor = info.type.tensor ?? info.type.state
    var result = FeatureDescription(
      name: info.name, kind: info.type.state == nil ? .multiArray : .state,
      elementType: tensor.map { ElementType($0.dtype) } ?? .float32,
      shape: (tensor?.shape ?? []).map { function.symbols.example($0) })
    result.summary = feature?.shortDescription ?? ""
    result.isOptional = feature?.isOptional ?? false
    if let feature { result.describe(feature.type) }
    if result.flexibility == .fixed, let tensor, !tensor.isFixed, result.kind == .multiArray {
      result.flexibility = .ranges(tensor.shape.map { extent($0, function) })
    }
    return result
  }

  private static func extent(_ dim: Dim, _ function: Function) -> FeatureDescription.Extent {
    if let fixed = dim.fixed { return .init(lower: fixed, upper: fixed) }
    let bounds = function.symbols.bounds(dim)
    return .init(lower: max(bounds.lower ?? 0, 0), upper: bounds.upper)
  }
}

extension FeatureDescription {
  fileprivate mutating func describe(_ type: FeatureType) {
    switch type {
    case .multiArray(let array), .state(let array):
      // An output of flexible shape is described without one.
      if array.shape.count == shape.count { shape = array.shape }
      switch array.flexibility {
      case .enumerated(let shapes)? where shapes.count > 1: flexibility = .enumerated(shapes)
      case .ranges(let ranges)? where ranges.contains(where: { $0.lower != $0.upper }):
        flexibility = .ranges(ranges.map { Extent(lower: $0.lower, upper: $0.upper) })
      default: break
      }
    case .image(let image): describe(image)
    case .dictionary(let key):
      kind = .dictionary
      summary = summary.isEmpty ? "\(key.rawValue) to probability" : summary
    case .sequence: kind = .sequence
    case .int64, .double: kind = .number
    case .string: kind = .string
    }
  }

  private mutating func describe(_ image: ImageFeature) {
    kind = .image
    let colors = "\(image.colorSpace)"
    summary = summary.isEmpty ? "image, \(colors)" : "\(summary) (image, \(colors))"
    guard shape.count == 4 else { return }
    (shape[2], shape[3]) = (image.height, image.width)
    switch image.flexibility {
    case .enumerated(let sizes):
      flexibility = .enumerated(
        sizes.map { [shape[0] ?? 1, shape[1] ?? 1, $0.height, $0.width] })
    case .ranges(let width, let height):
      flexibility = .ranges(
        shape[..<2].map { Extent(lower: $0 ?? 1, upper: $0 ?? 1) }
          + [height, width].map { Extent(lower: $0.lower, upper: $0.upper) })
    case nil: break
    }
  }
}
