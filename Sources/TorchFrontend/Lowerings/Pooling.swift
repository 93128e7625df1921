// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL

extension ATenLowering {
  static let pooling: [ATenLowering] =
    [1, 2, 3].flatMap { spatial in
      [
        ATenLowering("aten.max_pool\(spatial)d.default") { call, build in
          try maxPool(call, build, spatial)
        },
        ATenLowering("aten.avg_pool\(spatial)d.default") { call, build in
          try averagePool(call, build, spatial)
        },
        ATenLowering(
          "aten.adaptive_avg_pool\(spatial)d.default", "aten._adaptive_avg_pool\(spatial)d.default"
        ) { call, build in
          try adaptive(call, build, spatial, "reduce_mean", "avg_pool")
        },
        .several("aten.max_pool\(spatial)d_with_indices.default") { call, build in
          try maxPoolWithIndices(call, build, spatial)
        },
        .custom("aten.adaptive_max_pool\(spatial)d.default") { call, build in
          [try call.result(adaptive(call, build, spatial, "reduce_max", "max_pool"), build), .none]
        },
      ]
    }

  private static func maxPool(
    _ call: TorchCall, _ build: FunctionBuilder, _ spatial: Int
  ) throws -> Value {
    guard try call.perAxis("dilation", spatial, default: 1).allSatisfy({ $0 == 1 }) else {
      return try batchedImage(call, build, spatial) {
        try PoolingByParts(call, build, spatial).run($0, withPlaces: false).values
      }
    }
    let kernel = try call.perAxis("kernel_size", spatial, default: 1)
    return try pool(call, build, spatial) { x, strides, pad, ceil in
      try build.mil.max_pool(
        x: x, kernel_sizes: .ints(kernel), strides: .ints(strides), pad_type: "custom",
        pad: .ints(pad), ceil_mode: .bool(ceil))
    }
  }

  private static func maxPoolWithIndices(
    _ call: TorchCall, _ build: FunctionBuilder, _ spatial: Int
  ) throws -> [Value] {
    let x = try call.floatValue("self")
    let isBatched = try build.rank(of: x) == spatial + 2
    let (values, places) = try PoolingByParts(call, build, spatial).run(
      isBatched ? x : build.mil.expand_dims(x: x, axes: [0]), withPlaces: true)
    return try [values, places].compactMap { $0 }.map {
      isBatched ? $0 : try build.mil.squeeze(x: $0, axes: [0])
    }
  }

  private static func averagePool(
    _ call: TorchCall, _ build: FunctionBuilder, _ spatial: Int
  ) throws -> Value {
    let kernel = try call.perAxis("kernel_size", spatial, default: 1)
    var includesPadding = try call.bool("count_include_pad", default: true)
    var factor = 1.0
    if call.has("divisor_override") {
      guard try !call.bool("ceil_mode", default: false) else {
        throw call.fault("'divisor_override' together with 'ceil_mode' is not supported")
      }
      // The average over the whole window, padding included, is its sum over its size.
      includesPadding = true
      factor = Double(kernel.reduce(1, *)) / (try call.float("divisor_override"))
    }
    let average = try pool(call, build, spatial) { x, strides, pad, ceil in
      try build.mil.avg_pool(
        exclude_padding_from_average: .bool(!includesPadding), x: x, kernel_sizes: .ints(kernel),
        strides: .ints(strides), pad_type: "custom", pad: .ints(pad), ceil_mode: .bool(ceil))
    }
    return try build.scale(average, by: factor)
  }

  private static func pool(
    _ call: TorchCall, _ build: FunctionBuilder, _ spatial: Int,
    _ body: (Value, _ strides: [Int], _ pad: [Int], _ ceil: Bool) throws -> Value
  ) throws -> Value {
    let kernel = try call.perAxis("kernel_size", spatial, default: 1)
    var strides = try call.perAxis("stride", spatial, default: 0)
    if strides.contains(0) { strides = kernel }
    let pad = try call.perAxis("padding", spatial, default: 0).flatMap { [$0, $0] }
    let ceil = try call.bool("ceil_mode", default: false)
    return try batchedImage(call, build, spatial) { try body($0, strides, pad, ceil) }
  }

  /// Windows of equal size where the output divides the input, else a reduction per output.
  private static func adaptive(
    _ call: TorchCall, _ build: FunctionBuilder, _ spatial: Int, _ reduction: String, _ pool: String
  ) throws -> Value {
    try batchedImage(call, build, spatial) { x in
      let shape = try build.shape(of: x)
      let target = try call.resultShape().suffix(spatial).map { dim -> Int in
        guard let fixed = dim.fixed else { throw call.fault("the output size is not fixed") }
        guard (1...4096).contains(fixed) else { throw call.fault("the output size is \(fixed)") }
        return fixed
      }
      guard target.count == spatial else { throw call.fault("the result has too few axes") }
      if target.allSatisfy({ $0 == 1 }) {
        return try build.emit(
          reduction, ["x": x, "axes": .ints(Array(2..<(spatial + 2))), "keep_dims": true])[0]
      }
      let extents = try (0..<spatial).map { axis -> Int in
        guard let fixed = shape[axis + 2].fixed else {
          throw call.fault(
            "adaptive pooling of a flexible size is not supported", fix: "export with a fixed size")
        }
        return fixed
      }
      if zip(extents, target).allSatisfy({ $0 % $1 == 0 }) {
        let window = zip(extents, target).map { $0 / $1 }
        return try build.emit(
          pool,
          ["x": x, "kernel_sizes": .ints(window), "strides": .ints(window), "pad_type": "valid"])[0]
      }
      return try uneven(x, build, extents, target, reduction)
    }
  }

  /// PyTorch's windows `floor(i * n / m) ..< ceil((i + 1) * n / m)`, axis by axis.
  private static func uneven(
    _ x: Value, _ build: FunctionBuilder, _ extents: [Int], _ target: [Int], _ reduction: String
  ) throws -> Value {
    var value = x
    for (index, (extent, count)) in zip(extents, target).enumerated() {
      let axis = index + 2
      let rank = try build.rank(of: value)
      let parts = try (0..<count).map { i -> Value in
        var begin = [Int](repeating: 0, count: rank)
        var end = [Int](repeating: 0, count: rank)
        var whole = [Bool](repeating: true, count: rank)
        whole[axis] = false
        begin[axis] = i * extent / count
        end[axis] = ((i + 1) * extent + count - 1) / count
        let window = try build.mil.slice_by_index(
          x: value, begin: .ints(begin), end: .ints(end), begin_mask: .bools(whole),
          end_mask: .bools(whole))
        return try build.emit(
          reduction, ["x": window, "axes": .ints([axis]), "keep_dims": true])[0]
      }
      value =
        parts.count == 1 ? parts[0] : try build.mil.concat(values: .many(parts), axis: .int(axis))
    }
    return value
  }

  private static func batchedImage(
    _ call: TorchCall, _ build: FunctionBuilder, _ spatial: Int, _ body: (Value) throws -> Value
  ) throws -> Value {
    let x = try call.floatValue("self")
    let rank = try build.rank(of: x)
    guard (spatial + 1...spatial + 2).contains(rank) else {
      throw call.fault("argument 'self' has rank \(rank)")
    }
    if rank == spatial + 2 { return try body(x) }
    return try build.mil.squeeze(x: body(build.mil.expand_dims(x: x, axes: [0])), axes: [0])
  }
}
