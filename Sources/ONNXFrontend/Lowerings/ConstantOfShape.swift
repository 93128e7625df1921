// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let constantOfShape: [ONNXLowering] = [
    ONNXLowering(
      "ConstantOfShape", since: 9, "input", attributes: "value",
      result: .by { try $0.fillValue().1 },
      fold: { node in
        guard let shape = try node.known("input")?.ints, let count = elementCount(shape),
          count <= Known.limit
        else { return nil }
        let (value, _) = try node.fillValue()
        return value.picking(Array(repeating: 0, count: count), shape: shape)
      }
    ) { node, build in
      let (value, dtype) = try node.fillValue()
      guard let running = dtype.runtime, let number = value.doubles?.first else {
        throw node.fault(.unsupportedType, "attribute 'value' is not a number that Core ML has")
      }
      if let shape = try node.known("input")?.dims { return try build.fill(shape, number, running) }
      return try build.mil.fill(shape: node.value("input"), value: build.scalar(number, running))
    }
  ]
}

extension NodeCall {
  /// The element to fill with: the attribute, or a float zero.
  fileprivate func fillValue() throws -> (Known, DType) {
    guard let tensor = try tensor("value") else { return (Known([], .floats([0])), .float32) }
    guard case .numbers(let source) = tensor.content, source.count == 1,
      let known = Known(try source.materialized())
    else { throw fault(.malformed, "attribute 'value' must hold one number") }
    return (known, source.dtype)
  }
}
