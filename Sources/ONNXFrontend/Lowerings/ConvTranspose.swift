// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let convTranspose: [ONNXLowering] = [
    ONNXLowering(
      "ConvTranspose", "X W B?",
      attributes: "auto_pad dilations group kernel_shape output_padding output_shape pads strides"
    ) { node, build in
      let shape = try node.shape("X")
      let crop = try TransposedCrop(node, extents: Array(shape.dropFirst(2)))
      let extra = crop.missing
      // Where the output reaches past the last product, only the bias is left.
      let isPadded = extra.contains { $0 > 0 }
      let bias = isPadded ? nil : try node.constantBias("B")
      var y = try build.mil.conv_transpose(
        x: node.value("X"), weight: node.value("W"), bias: bias,
        pad: .ints(crop.pads), pad_type: "custom", strides: .ints(crop.window.strides),
        dilations: .ints(crop.window.dilations), groups: .int(node.int("group", default: 1)))
      if !isPadded { return try build.adding(runtimeBias: "B", to: y, node) }
      let pad = [0, 0, 0, 0] + extra.flatMap { [0, $0] }
      y = try build.mil.pad(x: y, pad: .ints(pad), mode: "constant", constant_val: 0.0)
      guard let bias = try node.optional("B") else { return y }
      return try build.mil.add(x: y, y: build.perChannel(bias, rank: shape.count))
    }
  ]
}

/// What is cut off the full result of a transposed convolution.
private struct TransposedCrop {
  var window: SpatialWindow
  private var cuts: [(before: Int, after: Int)]

  init(_ node: NodeCall, extents: [Dim]) throws {
    let kernel = try node.kernel("W")
    // Extents do not matter for the pads of a transposed convolution; they are found below.
    window = try SpatialWindow(node, kernel: kernel, extents: extents)
    let padding = try node.ints("output_padding") ?? kernel.map { _ in 0 }
    guard padding.count == kernel.count, padding.allSatisfy({ $0 >= 0 }) else {
      throw node.fault(.malformed, "attribute 'output_padding' is \(padding)")
    }
    cuts = zip(window.pads, padding).map { ($0.before, $0.after - $1) }
    let mode = try node.string("auto_pad", default: "NOTSET")
    let shape = try node.ints("output_shape")
    guard shape != nil || mode.hasPrefix("SAME") else { return }
    if let shape, shape.count != kernel.count {
      throw node.fault(.malformed, "attribute 'output_shape' is \(shape)")
    }
    for axis in kernel.indices {
      let stride = window.strides[axis]
      let full = (extents[axis] - 1) * .fixed(stride) + .fixed(window.reach(axis) + padding[axis])
      let wanted = shape.map { Dim.fixed($0[axis]) } ?? extents[axis] * .fixed(stride)
      guard let total = (full - wanted).fixed else {
        throw node.fault(
          .unsupportedArgument,
          "asks for output extent \(wanted) where the input has \(extents[axis])",
          fix: "give the input a fixed shape")
      }
      let half = total >= 0 ? total / 2 : 0
      let before = mode == "SAME_UPPER" ? half : max(total, 0) - half
      cuts[axis] = (before, total - before - padding[axis])
    }
  }

  var pads: [Int] { cuts.flatMap { [$0.before, max($0.after, 0)] } }
  /// How many elements have to be added behind, per axis.
  var missing: [Int] { cuts.map { max(-$0.after, 0) } }
}
