// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// Operators that ONNX itself defines by others.
  static let compositions: [ONNXLowering] = [centerCropPad, causalConv, swiGLU, tensorScatter]

  /// Each axis cut or padded with zeros to an extent, around its middle.
  private static let centerCropPad = ONNXLowering(
    "CenterCropPad", since: 18, "input_data shape", attributes: "axes"
  ) { node, build in
    var x = try node.value("input_data")
    let shape = try node.shape("input_data")
    let axes = try build.axes(
      node.ints("axes") ?? Array(shape.indices), rank: shape.count, node)
    guard let wanted = try node.constantInts("shape"), wanted.count == axes.count else {
      throw node.fault(.malformed, "input 'shape' does not fit \(axes.count) axes")
    }
    for (axis, size) in zip(axes, wanted) {
      guard let extent = shape[axis].fixed else {
        throw node.fault(.unsupportedArgument, "axis \(axis) is not fixed")
      }
      if size < extent {
        let start = (extent - size) / 2
        x = try build.slice(x, axis: axis, from: start, to: start + size)
      } else if size > extent {
        var before = try build.shape(of: x)
        var after = before
        before[axis] = .fixed((size - extent) / 2)
        after[axis] = .fixed(size - extent - (size - extent) / 2)
        let blocks = try [before, after].map { shape -> Value? in
          shape[axis] == 0 ? nil : try build.fill(shape, like: x)
        }
        x = try build.mil.concat(
          values: .many([blocks[0], x, blocks[1]].compactMap { $0 }), axis: .int(axis))
      }
    }
    return x
  }

  /// A depthwise convolution over the past and the present.
  private static let causalConv = ONNXLowering.several(
    "CausalConvWithState", since: 27, "input weight bias? past_state?", attributes: "activation"
  ) { node, build in
    let shape = try node.shape("input")
    guard shape.count == 3, let channels = shape[1].fixed,
      let width = try node.shape("weight").last?.fixed
    else { throw node.fault(.unsupportedArgument, "channels and kernel must be fixed") }
    let past =
      try node.optional("past_state")
      ?? build.fill([shape[0], shape[1], .fixed(width - 1)], 0, node.type("input").dtype)
    let whole =
      try width == 1
      ? node.value("input")
      : build.mil.concat(values: .many([past, node.value("input")]), axis: 2)
    var y = try build.mil.conv(
      x: whole, weight: node.value("weight"), bias: node.constantBias("bias"), pad_type: "valid",
      groups: .int(channels))
    y = try build.adding(runtimeBias: "bias", to: y, node)
    let activation = try node.choice("activation", ["none", "silu", "swish"], default: "none")
    if activation != "none" { y = try build.mil.silu(x: y) }
    let total = try build.shape(of: whole)[2]
    guard width > 1 else { return [y, past] }
    let present = try build.mil.slice_by_index(
      x: whole, begin: .dims([0, 0, total - .fixed(width - 1)]), end: .ints([0, 0, 0]),
      begin_mask: .bools([true, true, false]), end_mask: .bools([true, true, true]))
    return [y, try build.refined(present, [shape[0], shape[1], .fixed(width - 1)])]
  }

  /// `a * sigmoid(alpha * a) * b`
  private static let swiGLU = ONNXLowering("SwiGLU", since: 28, "A B", attributes: "alpha") {
    node, build in
    let (a, alpha) = (try node.value("A"), try node.float("alpha", default: 1))
    let gate =
      alpha == 1
      ? try build.mil.silu(x: a)
      : try build.mil.mul(x: a, y: build.mil.sigmoid(x: build.mil.mul(x: a, y: .float(alpha))))
    return try build.mil.mul(x: gate, y: node.value("B"))
  }

  /// An update written into a cache at a place of each sample's own.
  private static let tensorScatter = ONNXLowering(
    "TensorScatter", since: 24, "past_cache update write_indices?", attributes: "axis mode"
  ) { node, build in
    let (shape, update) = (try node.shape("past_cache"), try node.shape("update"))
    let axis = try build.axis(node.int("axis", default: -2), rank: shape.count, node)
    let mode = try node.choice("mode", ["linear", "circular"], default: "linear")
    var extents = shape.map { _ in Dim.fixed(1) }
    extents[axis] = update[axis]
    var places = try build.reshape(build.counting(update[axis]), to: extents)
    if let starts = try node.optional("write_indices") {
      var batch = shape.map { _ in Dim.fixed(1) }
      batch[0] = shape[0]
      places = try build.mil.add(x: places, y: build.reshape(starts, to: batch))
    }
    if mode == "circular" { places = try build.mil.mod(x: places, y: .dim(shape[axis])) }
    return try build.mil.scatter_along_axis(
      data: node.value("past_cache"), indices: build.expand(places, to: update),
      updates: node.value("update"), axis: .int(axis), mode: "update")
  }
}
