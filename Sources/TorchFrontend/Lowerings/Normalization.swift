// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ATenLowering {
  static let normalization: [ATenLowering] = [
    ATenLowering("aten.layer_norm.default") { call, build in
      let x = try call.floatValue("input")
      let rank = try build.rank(of: x)
      let count = try call.dims("normalized_shape").count
      return try build.normalize(
        x, axes: Array((rank - count)..<rank), scale: call.optionalFloat("weight"),
        shift: call.optionalFloat("bias"), epsilon: call.float("eps", default: 1e-5))
    },
    .several("aten.native_layer_norm.default") { call, build in
      let x = try call.floatValue("input")
      let rank = try build.rank(of: x)
      let axes = Array((rank - (try call.dims("normalized_shape").count))..<rank)
      let epsilon = try call.float("eps")
      let y = try build.normalize(
        x, axes: axes, scale: call.optionalFloat("weight"), shift: call.optionalFloat("bias"),
        epsilon: epsilon)
      let mean = try build.mil.reduce_mean(x: x, axes: .ints(axes), keep_dims: true)
      let centered = try build.mil.sub(x: x, y: mean)
      let variance = try build.mil.reduce_mean(
        x: build.mil.mul(x: centered, y: centered), axes: .ints(axes), keep_dims: true)
      return [y, mean, try build.mil.rsqrt(x: variance, epsilon: .float(epsilon))]
    },
    ATenLowering("aten.rms_norm.default") { call, build in
      let x = try call.floatValue("input")
      let rank = try build.rank(of: x)
      let count = try call.dims("normalized_shape").count
      let epsilon = try call.float("eps", default: 1.1920928955078125e-07)
      let square = try build.mil.reduce_mean(
        x: build.mil.mul(x: x, y: x), axes: .ints(Array((rank - count)..<rank)), keep_dims: true)
      let factor = try build.mil.rsqrt(
        x: build.mil.add(x: square, y: .float(epsilon)), epsilon: 0.0)
      let y = try build.mil.mul(x: x, y: factor)
      return try call.optionalFloat("weight").map { try build.mil.mul(x: y, y: $0) } ?? y
    },
    ATenLowering("aten.batch_norm.default", "aten.cudnn_batch_norm.default") { call, build in
      if try call.bool("training") {
        return try batchNormOfBatch(call, build, updating: true).y
      }
      return try batchNorm(call, build, mean: "running_mean", variance: "running_var")
    },
    .several(
      "aten._native_batch_norm_legit.default", "aten._native_batch_norm_legit.no_stats"
    ) { call, build in
      guard try call.bool("training") || !call.has("running_mean") else {
        return try [batchNorm(call, build, mean: "running_mean", variance: "running_var")]
          + noStatistics(2, build)
      }
      let result = try batchNormOfBatch(call, build, updating: true)
      return [result.y, result.mean, result.deviation]
    },
    .several("aten._native_batch_norm_legit_functional.default") { call, build in
      guard try call.bool("training") else {
        return try [batchNorm(call, build, mean: "running_mean", variance: "running_var")]
          + noStatistics(2, build) + [call.value("running_mean"), call.value("running_var")]
      }
      let result = try batchNormOfBatch(call, build, updating: false)
      return [result.y, result.mean, result.deviation] + result.running
    },
    .several("aten._native_batch_norm_legit_no_training.default") { call, build in
      let y = try batchNorm(call, build, mean: "running_mean", variance: "running_var")
      return try [y] + noStatistics(2, build)
    },
    ATenLowering("aten.instance_norm.default") { call, build in
      let x = try call.floatValue("input")
      if call.has("running_mean"), try !call.bool("use_input_stats", default: true) {
        return try batchNorm(call, build, mean: "running_mean", variance: "running_var")
      }
      let rank = try build.rank(of: x)
      let y = try build.normalize(
        x, axes: Array(2..<rank), scale: nil, shift: nil, epsilon: call.float("eps"))
      if call.has("running_mean") { try updateStatisticsOfInstances(call, x, build) }
      return try build.affine(y, call.optionalFloat("weight"), call.optionalFloat("bias"))
    },
    ATenLowering("aten.group_norm.default") { call, build in
      try groupNorm(call, build, groups: "num_groups")
    },
    .custom("aten.native_group_norm.default") { call, build in
      // The statistics, which only training uses, are not computed.
      [try call.result(groupNorm(call, build, groups: "group"), build), .none, .none]
    },
    ATenLowering("aten._weight_norm.default") { call, build in
      // g * v / ||v||, the norm over every axis but `dim`.
      let v = try call.floatValue("v")
      let rank = try build.rank(of: v)
      let axis = try call.axis("dim", rank: rank, default: 0)
      if let weight = try build.normedWeight(v, call.floatValue("g"), axis: axis) { return weight }
      let norm = try build.mil.reduce_l2_norm(
        x: v, axes: .ints((0..<rank).filter { $0 != axis }), keep_dims: true)
      return try build.mil.mul(
        x: v, y: build.mil.real_div(x: call.floatValue("g"), y: norm))
    },
  ]

  private static func groupNorm(
    _ call: TorchCall, _ build: FunctionBuilder, groups name: String
  ) throws -> Value {
    let x = try call.floatValue("input")
    let shape = try build.shape(of: x)
    guard shape.count >= 2 else { throw call.fault("needs a channel axis") }
    let groups = try call.dim(name)
    let grouped = try build.reshape(
      x, to: [shape[0], groups, .floorDiv(shape[1], groups)] + shape[2...])
    let y = try build.normalize(
      grouped, axes: Array(2...shape.count), scale: nil, shift: nil,
      epsilon: call.float("eps", default: 1e-5))
    return try build.affine(
      build.reshape(y, to: shape), call.optionalFloat("weight"), call.optionalFloat("bias"))
  }
}

extension TorchCall {
  func optionalFloat(_ name: String) throws -> Value? {
    has(name) ? try floatValue(name) : nil
  }
}

extension FunctionBuilder {
  /// `(x - mean) / sqrt(variance + epsilon) * scale + shift` over `axes`.
  func normalize(
    _ x: Value, axes: [Int], scale: Value?, shift: Value?, epsilon: Double
  ) throws -> Value {
    let isConstant = [scale, shift].compactMap { $0 }.allSatisfy { constant(of: $0) != nil }
    // A shift without a scale is a parameter of its own.
    let gamma = isConstant ? scale : nil
    let beta = isConstant ? shift : nil
    let y = try mil.layer_norm(
      x: x, axes: .ints(axes), gamma: gamma, beta: beta, epsilon: .float(epsilon))
    if isConstant { return y }
    let scaled = try scale.map { try mil.mul(x: y, y: $0) } ?? y
    return try shift.map { try mil.add(x: scaled, y: $0) } ?? scaled
  }

  /// `x * scale + shift` along the channel axis 1.
  func affine(_ x: Value, _ scale: Value?, _ shift: Value?) throws -> Value {
    let rank = try rank(of: x)
    let scaled = try scale.map { try mil.mul(x: x, y: perChannel($0, rank: rank)) } ?? x
    return try shift.map { try mil.add(x: scaled, y: perChannel($0, rank: rank)) } ?? scaled
  }

  /// A vector of channels shaped to broadcast over a tensor whose axis 1 is the channel.
  func perChannel(_ vector: Value, rank: Int) throws -> Value {
    guard rank > 2 else { return vector }
    let count = try shape(of: vector)
    return try reshape(vector, to: [1] + count + Array(repeating: 1, count: rank - 2))
  }
}

extension FunctionBuilder {
  /// `g * v / ||v||` of constants, computed now: a dilated convolution needs its weight as one.
  fileprivate func normedWeight(_ v: Value, _ g: Value, axis: Int) throws -> Value? {
    guard let source = constant(of: v)?.source, let scales = constant(of: g)?.source,
      source.count <= 1 << 24, source.shape.indices.contains(axis),
      scales.count == source.shape[axis]
    else { return nil }
    let shape = source.shape
    let inner = shape[(axis + 1)...].reduce(1, *)
    let extent = shape[axis]
    var values = try source.materialized().doubles
    var squares = [Double](repeating: 0, count: extent)
    for index in values.indices { squares[index / inner % extent] += values[index] * values[index] }
    let factors = zip(try scales.materialized().doubles, squares).map { $0 / $1.squareRoot() }
    for index in values.indices { values[index] *= factors[index / inner % extent] }
    return .constant(.numbers(try TensorData(values, as: .float32, shape: shape)))
  }
}
