// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let conv: [ONNXLowering] = [
    ONNXLowering(
      "Conv", "X W B?", attributes: "auto_pad dilations group kernel_shape pads strides"
    ) { node, build in
      let weight = try node.value("W")
      let shape = try node.shape("X")
      let window = try SpatialWindow(
        node, kernel: node.kernel("W"), extents: Array(shape.dropFirst(2)))
      let groups = try node.int("group", default: 1)
      let bias = try node.constantBias("B")
      let y = try build.mil.conv(
        x: node.value("X"), weight: weight, bias: bias, strides: .ints(window.strides),
        pad_type: .string(window.padType),
        pad: window.padType == "custom" ? .ints(window.interleaved) : nil,
        dilations: .ints(window.dilations), groups: .int(groups))
      return try build.adding(runtimeBias: "B", to: y, node)
    }
  ]
}

extension NodeCall {
  /// The spatial extents of a convolution's weight, which must agree with `kernel_shape`.
  func kernel(_ weight: String) throws -> [Int] {
    let shape = try shape(weight)
    let spatial = shape.dropFirst(2).compactMap(\.fixed)
    guard shape.count > 2, spatial.count == shape.count - 2 else {
      throw fault(.malformed, "input '\(weight)' has shape \(shape), not that of a kernel")
    }
    guard try rank("X") == shape.count else {
      throw fault(
        .malformed, "input 'X' has rank \(try rank("X")) but '\(weight)' has rank \(shape.count)")
    }
    if let declared = try ints("kernel_shape"), declared != spatial {
      throw fault(
        .malformed, "attribute 'kernel_shape' is \(declared) but '\(weight)' has \(spatial)")
    }
    return spatial
  }

  /// A bias that is known; one computed at run time is added after.
  func constantBias(_ name: String) throws -> Value? {
    try weight(name) == nil ? nil : value(name)
  }
}

extension FunctionBuilder {
  /// Adds a bias per channel that is computed when the model runs.
  func adding(runtimeBias name: String, to y: Value, _ node: NodeCall) throws -> Value {
    guard node.has(name), try node.weight(name) == nil else { return y }
    return try mil.add(x: y, y: perChannel(node.value(name), rank: rank(of: y)))
  }

  /// A vector with one number per channel, shaped to broadcast along axis 1.
  func perChannel(_ vector: Value, rank: Int) throws -> Value {
    if rank <= 2 { return vector }
    return try mil.expand_dims(x: vector, axes: .ints(Array(1..<(rank - 1))))
  }
}
