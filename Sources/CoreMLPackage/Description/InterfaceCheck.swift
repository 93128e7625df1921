// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL

extension ModelPackage {
  /// Throws `.malformed` unless the description says what the functions take and return.
  func checkInterfaces() throws {
    let functions = Dictionary(
      program.functions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for interface in description.functions {
      guard let function = functions[interface.name] else {
        throw Diagnostic.malformed(
          "the description has the function '\(interface.name)', the program has not")
      }
      try function.check(interface)
    }
    if description.namesFunctions {
      let described = Set(description.functions.map(\.name))
      for function in program.functions where !described.contains(function.name) {
        throw Diagnostic.malformed("the function '\(function.name)' is not described")
      }
    }
  }
}

extension Function {
  fileprivate func check(_ interface: FunctionInterface) throws {
    let taken = inputs.map { values[$0] }
    let returned = body.outputs.map { values[$0] }
    for (role, features, infos) in [
      ("input", interface.inputs, taken.filter { $0.type.state == nil }),
      ("state", interface.states, taken.filter { $0.type.state != nil }),
      ("output", interface.outputs, returned),
    ] {
      try checkNames(role, features.map(\.name), infos.map(\.name))
      let types = Dictionary(
        infos.map { ($0.name, $0.type) }, uniquingKeysWith: { first, _ in first })
      for feature in features {
        if let type = types[feature.name] { try check(role, feature, type) }
      }
    }
  }

  private func checkNames(_ role: String, _ described: [String], _ found: [String]) throws {
    let (describedNames, foundNames) = (Set(described), Set(found))
    if let name = described.first(where: { !foundNames.contains($0) }) {
      throw Diagnostic.malformed(
        "the description has the \(role) '\(name)', the function '\(self.name)' has not")
    }
    if let name = found.first(where: { !describedNames.contains($0) }) {
      throw Diagnostic.malformed(
        "the \(role) '\(name)' of the function '\(self.name)' is not described")
    }
  }

  private func check(_ role: String, _ feature: Feature, _ type: ValueType) throws {
    guard let tensor = type.tensor ?? type.state else { return }
    if case .image(let image) = feature.type { return try check(role, feature.name, image, tensor) }
    guard let array = feature.array else { return }
    if let dtype = array.dtype, dtype != tensor.dtype {
      throw Diagnostic.malformed(
        "the \(role) '\(feature.name)' is described as \(dtype.rawValue) but is "
          + tensor.dtype.rawValue)
    }
    // Shapes of outputs may be left out, and a scalar is described as a tensor of one element.
    if array.shape.isEmpty || tensor.rank == 0 && array.shape == [1] { return }
    guard array.shape.count == tensor.rank,
      zip(array.shape, tensor.shape).allSatisfy({ $1.fixed ?? $0 == $0 })
    else {
      throw Diagnostic.malformed(
        "the \(role) '\(feature.name)' is described with shape \(array.shape) but is \(tensor)")
    }
    guard case .ranges(let ranges) = array.flexibility else { return }
    for (range, dim) in zip(ranges, tensor.shape) {
      guard let extent = dim.fixed, extent < range.lower || extent > range.upper ?? .max else {
        continue
      }
      throw Diagnostic.malformed(
        "the \(role) '\(feature.name)' is described with extents \(range.description) but is \(tensor)"
      )
    }
  }

  /// An image is a tensor of one image: channels, rows, columns.
  private func check(
    _ role: String, _ name: String, _ image: ImageFeature, _ tensor: TensorType
  ) throws {
    let channels = [.rgb, .bgr].contains(image.colorSpace) ? 3 : 1
    var extents = [1, channels, image.height, image.width]
    if image.flexibility != nil { extents.removeLast(2) }
    guard tensor.rank == 4, zip(extents, tensor.shape).allSatisfy({ $1.fixed ?? $0 == $0 }) else {
      throw Diagnostic.malformed(
        "the \(role) '\(name)' is described as an image of \(image.width) by \(image.height) "
          + "pixels and \(channels) channel\(channels == 1 ? "" : "s") but is \(tensor)")
    }
  }
}
