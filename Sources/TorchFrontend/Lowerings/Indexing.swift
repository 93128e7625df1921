// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ATenLowering {
  /// Reading and writing at computed positions.
  static let indexing: [ATenLowering] = [
    ATenLowering("aten.embedding.default") { call, build in
      try build.gather(call.value("weight"), call.value("indices"), axis: 0)
    },
    ATenLowering("aten.index_select.default") { call, build in
      let x = try call.value("self")
      let axis = try call.axis("dim", rank: build.rank(of: x))
      let index = try call.value("index")
      // A scalar index selects one element and keeps the axis.
      let line = try build.rank(of: index) == 0 ? build.mil.expand_dims(x: index, axes: [0]) : index
      return try build.gather(x, line, axis: axis)
    },
    ATenLowering("aten.gather.default") { call, build in
      let index = try call.value("index")
      let axis = try call.axis("dim", rank: call.rank("self"))
      // PyTorch lets the index be smaller along the other axes.
      var shape = try build.shape(of: index)
      let extents = try call.shape("self")
      if shape.isEmpty { return try build.mil.identity(x: call.value("self")) }
      guard shape.count == extents.count else {
        throw call.fault("'index' has rank \(shape.count), not \(extents.count)")
      }
      shape[axis] = extents[axis]
      return try build.asNumber(build.cropped(call.value("self"), to: shape)) { x in
        try build.mil.gather_along_axis(x: x, indices: index, axis: .int(axis))
      }
    },
    ATenLowering("aten.take_along_dim.default") { call, build in
      var x = try call.value("self")
      var index = try call.value("indices")
      guard call.has("dim") else {
        return try build.gather(build.flattened(x), build.flattened(index), axis: 0)
      }
      let axis = try call.axis("dim", rank: build.rank(of: x))
      // The other axes broadcast together.
      let result = try call.resultShape()
      var full = result
      guard try full.count == build.rank(of: x), axis < full.count else {
        throw call.fault("the result has rank \(full.count)")
      }
      full[axis] = try build.shape(of: x)[axis]
      x = try build.broadcast(x, to: full)
      index = try build.broadcast(index, to: result)
      return try build.asNumber(x) { x in
        try build.mil.gather_along_axis(x: x, indices: index, axis: .int(axis))
      }
    },
    ATenLowering("aten.index.Tensor", "aten._unsafe_index.Tensor") { call, build in
      try AdvancedIndex(call, build).read()
    },
    ATenLowering("aten.index_put.default", "aten._unsafe_index_put.default") { call, build in
      let accumulate = try call.bool("accumulate", default: false)
      return try AdvancedIndex(call, build).write(call.value("values"), accumulate: accumulate)
    },
    ATenLowering("aten.index_copy.default") { call, build in
      let x = try call.value("self")
      let dtype = try build.dtype(of: x)
      let axis = try call.axis("dim", rank: build.rank(of: x))
      return try build.scatter(
        x, at: call.value("index"), build.convert(call.value("source"), to: dtype), axis: axis,
        mode: "update")
    },
    ATenLowering("aten.index_add.default") { call, build in
      let x = try call.value("self")
      let axis = try call.axis("dim", rank: build.rank(of: x))
      let source = try build.scale(
        build.convert(call.value("source"), to: build.dtype(of: x)),
        by: call.float("alpha", default: 1))
      return try build.scatter(x, at: call.value("index"), source, axis: axis, mode: "add")
    },
    ATenLowering("aten.index_fill.int_Scalar", "aten.index_fill.int_Tensor") { call, build in
      let x = try call.value("self")
      let axis = try call.axis("dim", rank: build.rank(of: x))
      let index = try call.value("index")
      var shape = try build.shape(of: x)
      shape[axis] = try build.shape(of: index).first ?? 1
      let value = try build.filled(call.operand("value", as: build.dtype(of: x)), shape)
      return try build.scatter(x, at: index, value, axis: axis, mode: "update")
    },
    ATenLowering(
      "aten.scatter.src", "aten.scatter.value", "aten.scatter_add.default", "aten.scatter.reduce",
      "aten.scatter.value_reduce"
    ) { call, build in
      try scatterAlongAxis(call, build)
    },
    ATenLowering("aten.select_scatter.default") { call, build in
      let x = try call.value("self")
      let shape = try build.shape(of: x)
      let axis = try call.axis("dim", rank: shape.count)
      let step = ViewStep.select(
        axis: axis, index: call.wrapped(try call.dim("index"), extent: shape[axis]))
      return try ViewStep.write(
        build.convert(call.value("src"), to: build.dtype(of: x)), through: [step], of: x, build)
    },
    ATenLowering("aten.slice_scatter.default") { call, build in
      let x = try call.value("self")
      let shape = try build.shape(of: x)
      let axis = try call.axis("dim", rank: shape.count, default: 0)
      let start = call.wrapped(try call.dim("start", default: 0), extent: shape[axis])
      let source = try build.convert(call.value("src"), to: build.dtype(of: x))
      guard try build.rank(of: source) == shape.count else {
        throw call.fault("'src' has another rank than 'self'")
      }
      let step = ViewStep.slice(
        axis: axis, start: start, extent: try build.shape(of: source)[axis],
        step: try call.int("step", default: 1))
      return try ViewStep.write(source, through: [step], of: x, build)
    },
    .custom("aten.nonzero.default") { call, build in
      let x = try build.convert(call.value("self"), to: .int32)
      return [try call.result(build.mil.non_zero(x: x), build)]
    },
    ATenLowering("aten.masked_select.default") { call, build in
      let x = try call.value("self")
      let mask = try build.convert(call.value("mask"), to: .int32)
      let shape = try build.shape(of: x)
      let positions = try build.mil.non_zero(x: build.broadcast(mask, to: shape))
      return try build.asNumber(x) { try build.mil.gather_nd(x: $0, indices: positions) }
    },
  ]

  private static func scatterAlongAxis(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value
  {
    let x = try call.value("self")
    let dtype = try build.dtype(of: x)
    let axis = try call.axis("dim", rank: build.rank(of: x))
    let index = try call.value("index")
    let shape = try build.shape(of: index)
    let updates: Value
    if call.has("value") {
      updates = try build.filled(call.operand("value", as: dtype), shape)
    } else {
      // PyTorch reads only as much of the source as the index has.
      let source = try build.convert(call.value("src"), to: dtype)
      let extents = try build.shape(of: source)
      guard extents.count == shape.count else {
        throw call.fault("'src' has rank \(extents.count), not \(shape.count)")
      }
      updates = try extents.indices.reduce(source) { part, k in
        extents[k] == shape[k]
          ? part
          : try ViewStep.slice(axis: k, start: 0, extent: shape[k], step: 1).apply(to: part, build)
      }
    }
    var mode = call.node.operatorName.hasPrefix("scatter_add") ? "add" : "update"
    if call.has("reduce") {
      switch try call.string("reduce") {
      case "add", "sum": mode = "add"
      case "multiply", "prod": mode = "mul"
      case let other: throw call.fault("'reduce' is '\(other)'")
      }
    }
    return try build.mil.scatter_along_axis(
      data: x, indices: index, updates: updates, axis: .int(axis), mode: .string(mode))
  }
}

extension FunctionBuilder {
  /// Runs `body` on numbers: MIL gathers and scatters no booleans.
  func asNumber(_ value: Value, _ body: (Value) throws -> Value) throws -> Value {
    guard try dtype(of: value) == .bool else { return try body(value) }
    return try cast(body(cast(value, to: .int32)), to: .bool)
  }

  func gather(_ x: Value, _ indices: Value, axis: Int) throws -> Value {
    try asNumber(x) { try mil.gather(x: $0, indices: indices, axis: .int(axis)) }
  }

  /// `x` with the slices along `axis` at `indices` (a vector or scalar) replaced or added to.
  func scatter(
    _ x: Value, at indices: Value, _ updates: Value, axis: Int, mode: String
  ) throws -> Value {
    let line = try rank(of: indices) == 0 ? mil.expand_dims(x: indices, axes: [0]) : indices
    return try mil.scatter(
      data: x, indices: line, updates: updates, axis: .int(axis), mode: .string(mode))
  }

  /// Indices counted from the end moved to the front; MIL has no negative ones from iOS 17 on.
  func wrapIndices(_ indices: Value, extent: Dim) throws -> Value {
    if let data = try constant(of: indices)?.smallTensor(), let extent = extent.fixed {
      if data.ints.allSatisfy({ $0 >= 0 }) { return indices }
      let wrapped = data.ints.map { Double($0 < 0 ? $0 + extent : $0) }
      return .constant(.numbers(try TensorData(wrapped, as: .int32, shape: data.shape)))
    }
    let negative = try mil.less(x: indices, y: 0)
    let moved = try mil.add(x: indices, y: .dim(extent))
    return try mil.select(cond: negative, a: moved, b: indices)
  }
}
