// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ATenLowering {
  /// Writes at computed positions that combine with what is there.
  static let scattering: [ATenLowering] = [
    ATenLowering("aten.take.default") { call, build in
      let x = try build.flattened(call.value("self"))
      let extent = try build.shape(of: x)[0]
      return try build.gather(x, build.wrapIndices(call.value("index"), extent: extent), axis: 0)
    },
    ATenLowering("aten.put.default") { call, build in
      let x = try call.value("self")
      let flat = try build.flattened(x)
      let extent = try build.shape(of: flat)[0]
      let index = try build.wrapIndices(build.flattened(call.value("index")), extent: extent)
      let source = try build.flattened(build.convert(call.value("source"), to: build.dtype(of: x)))
      let written = try build.scatter(
        flat, at: index, source, axis: 0,
        mode: call.bool("accumulate", default: false) ? "add" : "update")
      return try build.reshape(written, to: build.shape(of: x))
    },
    ATenLowering("aten.masked_scatter.default") { call, build in
      // The n-th true element takes the n-th element of the source.
      let x = try call.value("self")
      let shape = try build.shape(of: x)
      let mask = try build.broadcast(build.convert(call.value("mask"), to: .bool), to: shape)
      let count = try build.mil.cumsum(
        x: build.flattened(build.cast(mask, to: .int32)), axis: 0)
      let place = try build.mil.maximum(x: build.mil.sub(x: count, y: 1), y: 0)
      let source = try build.flattened(build.convert(call.value("source"), to: build.dtype(of: x)))
      let picked = try build.reshape(build.gather(source, place, axis: 0), to: shape)
      return try build.choose(mask, picked, x, shape: shape)
    },
    ATenLowering("aten.scatter_reduce.two") { call, build in
      let axis = try call.axis("dim", rank: call.rank("self"))
      let index = try call.value("index")
      let source = try build.cropped(
        build.convert(call.value("src"), to: call.tensor("self").dtype),
        to: build.shape(of: index))
      return try reduce(call, build) { x, updates, mode in
        try build.mil.scatter_along_axis(
          data: x, indices: index, updates: updates ?? source, axis: .int(axis),
          mode: .string(mode))
      }
    },
    ATenLowering("aten.index_reduce.default") { call, build in
      let axis = try call.axis("dim", rank: call.rank("self"))
      let index = try call.value("index")
      let source = try build.convert(call.value("source"), to: call.tensor("self").dtype)
      return try reduce(call, build) { x, updates, mode in
        let value = try updates.map { try build.broadcast($0, to: build.shape(of: source)) }
        return try build.scatter(x, at: index, value ?? source, axis: axis, mode: mode)
      }
    },
  ]

  /// `scatter(x, updates, mode)` writes the source, or `updates` of its shape where given.
  private static func reduce(
    _ call: TorchCall, _ build: FunctionBuilder,
    _ scatter: (Value, Value?, String) throws -> Value
  ) throws -> Value {
    let x = try call.numericValue("self")
    let shape = try build.shape(of: x)
    let updates = try call.value(call.has("src") ? "index" : "source")
    let extents = try build.shape(of: updates)
    let dtype = try build.dtype(of: x)
    let name = try call.string("reduce")
    let modes = ["sum": "add", "prod": "mul", "amax": "max", "amin": "min", "mean": "add"]
    guard let mode = modes[name] else { throw call.fault("'reduce' is '\(name)'") }
    let includesSelf = try call.bool("include_self", default: true)
    func constant(_ value: Double, _ shape: [Dim]) throws -> Value {
      try build.filled(build.scalarConstant(value, dtype), shape)
    }
    // Without the old elements, those that are written to start from what changes nothing.
    let lowest = dtype == .float32 ? -Double.infinity : Double(Int32.min)
    let highest = dtype == .float32 ? Double.infinity : Double(Int32.max)
    let neutrals: [String: Double] = ["mul": 1, "max": lowest, "min": highest]
    let neutral = neutrals[mode] ?? 0
    let start =
      try includesSelf ? x : scatter(x, constant(neutral, extents), "update")
    let total = try scatter(start, nil, mode)
    guard name == "mean" else { return total }
    let ones = try scatter(
      constant(includesSelf ? 1 : 0, shape), constant(1, extents), "add")
    let count = try build.mil.maximum(x: ones, y: build.scalarConstant(1, dtype))
    return dtype == .float32
      ? try build.mil.real_div(x: total, y: count) : try build.mil.floor_div(x: total, y: count)
  }
}

extension FunctionBuilder {
  /// The leading part of `x` that has `shape`.
  func cropped(_ x: Value, to shape: [Dim]) throws -> Value {
    let extents = try self.shape(of: x)
    return try extents.indices.reduce(x) { value, axis in
      extents[axis] == shape[axis]
        ? value : try part(value, axis: axis, from: 0, count: shape[axis])
    }
  }
}
