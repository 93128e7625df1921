// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let pad: [ONNXLowering] = [
    ONNXLowering("Pad", since: 2, "data", attributes: "mode pads value") { node, build in
      guard let pads = try node.ints("pads") else {
        throw node.fault(.malformed, "attribute 'pads' is missing")
      }
      let value = try build.scalar(node.float("value", default: 0), node.type("data").dtype)
      return try Padding(node, build, pads: pads, axes: nil).apply(value)
    },
    ONNXLowering(
      "Pad", since: 11, "data pads constant_value? axes?", attributes: "mode"
    ) { node, build in
      guard let pads = try node.constantInts("pads") else { throw node.notConstant("pads") }
      let value = try node.optional("constant_value") ?? build.scalar(0, node.type("data").dtype)
      return try Padding(node, build, pads: pads, axes: node.constantInts("axes")).apply(value)
    },
  ]
}

/// One padding node. Negative padding cuts off.
private struct Padding {
  let node: NodeCall
  let build: FunctionBuilder
  /// By axis.
  private var pads: [(before: Int, after: Int)]
  private let mode: String

  init(_ node: NodeCall, _ build: FunctionBuilder, pads: [Int], axes: [Int]?) throws {
    self.node = node
    self.build = build
    let rank = try node.rank("data")
    let axes = try build.axes(axes ?? Array(0..<rank), rank: rank, node)
    guard pads.count == 2 * axes.count else {
      throw node.fault(.malformed, "\(pads.count) pads for \(axes.count) axes")
    }
    self.pads = Array(repeating: (0, 0), count: rank)
    for (k, axis) in axes.enumerated() { self.pads[axis] = (pads[k], pads[k + axes.count]) }
    mode = try node.choice("mode", ["constant", "reflect", "edge", "wrap"], default: "constant")
  }

  func apply(_ filler: Value) throws -> Value {
    var x = try cut(node.value("data"))
    let wide = pads.map { (before: max($0.before, 0), after: max($0.after, 0)) }
    if wide.allSatisfy({ $0 == (0, 0) }) { return x }
    if mode == "constant" { return try constant(x, wide, filler) }
    let inner = wide.dropLast(2).allSatisfy { $0 == (0, 0) }
    if mode != "wrap", inner, try build.dtype(of: x).isFloat, wide.count >= 2 {
      return try build.mil.pad(
        x: x, pad: .ints(wide.suffix(2).flatMap { [$0.before, $0.after] }),
        mode: .string(mode == "edge" ? "replicate" : "reflect"))
    }
    for (axis, pad) in wide.enumerated() where pad != (0, 0) { x = try picked(x, axis, pad) }
    return x
  }

  private func cut(_ x: Value) throws -> Value {
    var x = x
    for (axis, pad) in pads.enumerated() where pad.before < 0 || pad.after < 0 {
      x = try build.slice(
        x, axis: axis, from: max(-pad.before, 0), to: pad.after < 0 ? pad.after : nil)
    }
    return x
  }

  private func constant(
    _ x: Value, _ wide: [(before: Int, after: Int)], _ filler: Value
  ) throws -> Value {
    let number = build.constant(of: filler)
    if try build.dtype(of: x).isFloat, let number = try number?.smallTensor()?.doubles.first {
      let first = wide.firstIndex { $0 != (0, 0) } ?? 0
      return try build.mil.pad(
        x: x, pad: .ints(wide[first...].flatMap { [$0.before, $0.after] }), mode: "constant",
        constant_val: .float(number))
    }
    // Core ML pads floats with constants; anything else is joined with what it is padded with.
    var x = x
    for (axis, pad) in wide.enumerated() {
      var shape = try build.shape(of: x)
      func block(_ count: Int) throws -> Value? {
        guard count > 0 else { return nil }
        shape[axis] = .fixed(count)
        let one = try build.reshape(
          build.cast(filler, to: build.dtype(of: x)), shape.map { _ in 1 })
        return try build.expand(one, to: shape)
      }
      let parts = [try block(pad.before), x, try block(pad.after)].compactMap { $0 }
      if parts.count > 1 { x = try build.mil.concat(values: .many(parts), axis: .int(axis)) }
    }
    return x
  }

  /// Elements of `x` itself, taken by their places.
  private func picked(
    _ x: Value, _ axis: Int, _ pad: (before: Int, after: Int)
  ) throws -> Value {
    guard let extent = try build.shape(of: x)[axis].fixed, extent > 0 else {
      throw node.fault(
        .unsupportedArgument,
        "attribute 'mode' is '\(mode)' along axis \(axis), which is not fixed",
        fix: "give the input a fixed shape")
    }
    let places = (-pad.before..<(extent + pad.after)).map { place -> Int in
      switch mode {
      case "edge": return min(max(place, 0), extent - 1)
      case "wrap": return ((place % extent) + extent) % extent
      default:
        let period = max(2 * extent - 2, 1)
        let folded = ((place % period) + period) % period
        return folded < extent ? folded : period - folded
      }
    }
    return try build.numeric(x) { x in
      try build.mil.gather(x: x, indices: .ints(places), axis: .int(axis))
    }
  }
}
