// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// Pooling over a window.
  static let pool: [ONNXLowering] = [
    ONNXLowering(
      "AveragePool", since: 7, "X",
      attributes: "auto_pad ceil_mode count_include_pad dilations kernel_shape pads strides"
    ) { node, build in
      try Pooling(node, build).average(node.value("X"))
    },
    ONNXLowering(
      "MaxPool", "X",
      attributes: "auto_pad ceil_mode dilations kernel_shape pads storage_order strides"
    ) { node, build in
      let x = try node.value("X")
      let dtype = try build.dtype(of: x)
      return try build.cast(
        Pooling(node, build).largest(dtype.isFloat ? x : build.cast(x, to: .float32)), to: dtype)
    },
    // (sum |x|^p)^(1/p)
    ONNXLowering(
      "LpPool", since: 2, "X",
      attributes: "auto_pad ceil_mode dilations kernel_shape p pads strides"
    ) { node, build in
      let (x, p) = (try node.value("X"), Double(try node.int("p", default: 2)))
      let powers = try build.mil.pow(x: build.mil.abs(x: x), y: .float(p))
      let sum = try Pooling(node, build, countsPadding: true).sum(powers)
      return try build.mil.pow(x: sum, y: .float(1 / p))
    },
  ]
}

/// One pooling node: its window, and how it is said with what Core ML has.
private struct Pooling {
  let node: NodeCall
  let build: FunctionBuilder
  var window: SpatialWindow
  private let extents: [Dim]
  private let ceils: Bool
  private let countsPadding: Bool

  init(_ node: NodeCall, _ build: FunctionBuilder, countsPadding: Bool? = nil) throws {
    self.node = node
    self.build = build
    extents = Array(try node.shape("X").dropFirst(2))
    guard let kernel = try node.ints("kernel_shape") else {
      throw node.fault(.malformed, "attribute 'kernel_shape' is missing")
    }
    window = try SpatialWindow(node, kernel: kernel, extents: extents)
    ceils = try node.flag("ceil_mode")
    self.countsPadding = try countsPadding ?? node.flag("count_include_pad")
  }

  private var fixed: [Int]? {
    let fixed = extents.compactMap(\.fixed)
    return fixed.count == extents.count ? fixed : nil
  }

  private var isDilated: Bool { window.dilations.contains { $0 > 1 } }

  /// The padding behind that makes the places of the last, partial window whole.
  private func widened() -> SpatialWindow {
    guard ceils, let fixed, window.padType == "custom" else { return window }
    var wide = window
    for axis in fixed.indices {
      let count = window.outputs(axis, over: fixed[axis], ceil: true)
      let end = (count - 1) * window.strides[axis] + window.reach(axis)
      let after = end - fixed[axis] - window.pads[axis].before
      wide.pads[axis].after = after
    }
    return wide
  }

  private func pooled(
    _ op: String, _ x: Value, _ window: SpatialWindow, _ extra: [(String, Value?)] = []
  )
    throws -> Value
  {
    let leavesCeiling = ceils && fixed == nil
    return try build.emit(
      op,
      inputs: [
        ("x", x), ("kernel_sizes", .ints(window.kernel)), ("strides", .ints(window.strides)),
        ("pad_type", .string(window.padType)),
        ("pad", window.padType == "custom" ? .ints(window.interleaved) : nil),
        ("ceil_mode", leavesCeiling ? true : nil),
      ] + extra)[0]
  }

  func largest(_ x: Value) throws -> Value {
    var wide = widened()
    // A window cut short by the end of the input loses nothing when the input is cut instead.
    let x = try trimmed(x, &wide)
    if isDilated { return try slided(x, wide, filler: -.infinity, "maximum") }
    return try pooled("max_pool", x, wide)
  }

  func average(_ x: Value) throws -> Value {
    var wide = widened()
    let x = try trimmed(x, &wide)
    if isDilated {
      let sum = try slided(x, wide, filler: 0, "add")
      return try build.mil.mul(x: sum, y: reciprocalCounts(wide))
    }
    if !countsPadding {
      return try pooled("avg_pool", x, wide, [("exclude_padding_from_average", true)])
    }
    let mean = try pooled("avg_pool", x, wide, [("exclude_padding_from_average", false)])
    guard ceils, fixed != nil, wide.interleaved != window.interleaved else { return mean }
    // What rounding up added at the end does not count.
    let size = Double(window.kernel.reduce(1, *))
    return try build.mil.mul(
      x: mean, y: build.mil.mul(x: reciprocalCounts(wide), y: .float(size)))
  }

  func sum(_ x: Value) throws -> Value {
    var wide = widened()
    let x = try trimmed(x, &wide)
    if isDilated { return try slided(x, wide, filler: 0, "add") }
    let mean = try pooled("avg_pool", x, wide, [("exclude_padding_from_average", false)])
    return try build.mil.mul(x: mean, y: .float(Double(window.kernel.reduce(1, *))))
  }

  /// `x` without the elements at its end that no window reaches, so that no pad is negative.
  private func trimmed(_ x: Value, _ wide: inout SpatialWindow) throws -> Value {
    var x = x
    for axis in wide.kernel.indices where wide.pads[axis].after < 0 {
      guard let extent = extents[axis].fixed else { continue }
      x = try build.slice(x, axis: axis + 2, from: 0, to: extent + wide.pads[axis].after)
      wide.pads[axis].after = 0
    }
    return x
  }

  /// The reduction over a window with gaps: one slice for each element of the kernel.
  private func slided(
    _ x: Value, _ wide: SpatialWindow, filler: Double, _ op: String
  ) throws -> Value {
    let count = wide.kernel.reduce(1, *)
    guard let fixed, count <= 256 else {
      throw node.fault(
        .unsupportedArgument,
        "attribute 'dilations' is \(wide.dilations) on an input of shape "
          + "\(extents)", fix: "give the input a fixed shape")
    }
    let pads = [0, 0, 0, 0] + wide.interleaved
    let padded =
      try wide.interleaved.allSatisfy { $0 == 0 }
      ? x
      : build.mil.pad(x: x, pad: .ints(pads), mode: "constant", constant_val: .float(filler))
    var total: Value?
    for element in 0..<count {
      let offsets = Known.coordinates(element, in: wide.kernel)
      var (begin, end, step) = ([0, 0], [0, 0], [1, 1])
      for (axis, offset) in offsets.enumerated() {
        let start = offset * wide.dilations[axis]
        begin.append(start)
        end.append(
          start + (wide.outputs(axis, over: fixed[axis]) - 1) * wide.strides[axis] + 1)
        step.append(wide.strides[axis])
      }
      let part = try build.mil.slice_by_index(
        x: padded, begin: .ints(begin), end: .ints(end), stride: .ints(step),
        begin_mask: .bools(begin.indices.map { $0 < 2 }),
        end_mask: .bools(begin.indices.map { $0 < 2 }))
      total = try total.map { try build.emit(op, ["x": $0, "y": part])[0] } ?? part
    }
    guard let total else { throw node.fault(.malformed, "the kernel is empty") }
    return total
  }

  /// One over the number of elements that each place of the window averages.
  private func reciprocalCounts(_ wide: SpatialWindow) throws -> Value {
    guard let fixed else { throw node.fault(.internalError, "extents are not known") }
    var counts: [Double] = [1]
    var shape = [1, 1]
    for axis in fixed.indices {
      let (before, after) = window.pads[axis]
      let low = countsPadding ? -before : 0
      let high = countsPadding ? fixed[axis] + after : fixed[axis]
      let along = (0..<wide.outputs(axis, over: fixed[axis])).map { place in
        let start = place * window.strides[axis] - before
        return Double(
          (0..<window.kernel[axis]).count { k in
            (low..<max(high, low)).contains(start + k * window.dilations[axis])
          })
      }
      counts = counts.flatMap { count in along.map { count * $0 } }
      shape.append(along.count)
    }
    let dtype = try node.type("X").dtype
    return .constant(
      .numbers(try TensorData(counts.map { 1 / max($0, 1) }, as: dtype, shape: shape)))
  }
}
