// SPDX-License-Identifier: Apache-2.0
import MIL

/// Batch norm: with statistics that are given, and with those of the batch.
extension ATenLowering {
  static func batchNorm(
    _ call: TorchCall, _ build: FunctionBuilder, mean: String, variance: String
  ) throws -> Value {
    let x = try call.floatValue("input")
    let (mu, sigma) = (try call.floatValue(mean), try call.floatValue(variance))
    let (gamma, beta) = (try call.optionalFloat("weight"), try call.optionalFloat("bias"))
    let epsilon = try call.float("eps")
    let constants = [mu, sigma, gamma, beta].compactMap { $0 }
    let rank = try build.rank(of: x)
    if (3...5).contains(rank), constants.allSatisfy({ build.constant(of: $0) != nil }) {
      return try build.mil.batch_norm(
        x: x, mean: mu, variance: sigma, gamma: gamma, beta: beta, epsilon: .float(epsilon))
    }
    // MIL's batch_norm needs constants and an image; this is its meaning.
    let factor = try build.mil.rsqrt(x: sigma, epsilon: .float(epsilon))
    let y = try build.mil.mul(
      x: build.mil.sub(x: x, y: build.perChannel(mu, rank: rank)),
      y: build.perChannel(factor, rank: rank))
    return try build.affine(y, gamma, beta)
  }

  /// Batch norm as in training: with the statistics of `input` itself.
  ///
  /// `running` are the new running statistics where the call has any; with `updating` they are also
  /// written to where the old ones were.
  static func batchNormOfBatch(
    _ call: TorchCall, _ build: FunctionBuilder, updating: Bool
  ) throws -> (y: Value, mean: Value, deviation: Value, running: [Value]) {
    let x = try call.floatValue("input")
    let shape = try build.shape(of: x)
    let axes = shape.indices.filter { $0 != 1 }
    let (mean, centered, variance) = try build.moments(x, axes: axes)
    let inverse = try build.mil.rsqrt(x: variance, epsilon: .float(call.float("eps")))
    let y = try build.affine(
      build.mil.mul(x: centered, y: inverse), call.optionalFloat("weight"),
      call.optionalFloat("bias"))
    let statistics = try [mean, variance, inverse].map {
      try build.mil.squeeze(x: $0, axes: .ints(axes))
    }
    let count = axes.reduce(Dim.fixed(1)) { $0 * shape[$1] }
    let running = try runningStatistics(
      call, mean: statistics[0], variance: statistics[1], count: count, build)
    if updating { try writeStatistics(running, call, build) }
    return (y, statistics[0], statistics[2], running)
  }

  /// Instance norm's running statistics: means over the batch of those of each instance.
  static func updateStatisticsOfInstances(
    _ call: TorchCall, _ x: Value, _ build: FunctionBuilder
  ) throws {
    let shape = try build.shape(of: x)
    let axes = Array(2..<shape.count)
    let moments = try build.moments(x, axes: axes)
    let statistics = try [moments.mean, moments.variance].map {
      try build.mil.reduce_mean(
        x: build.mil.squeeze(x: $0, axes: .ints(axes)), axes: [0], keep_dims: false)
    }
    let running = try runningStatistics(
      call, mean: statistics[0], variance: statistics[1],
      count: axes.reduce(Dim.fixed(1)) { $0 * shape[$1] }, build)
    try writeStatistics(running, call, build)
  }

  /// `(1 - momentum) * running + momentum * statistic`, the variance without bias.
  private static func runningStatistics(
    _ call: TorchCall, mean: Value, variance: Value, count: Dim, _ build: FunctionBuilder
  ) throws -> [Value] {
    guard call.has("running_mean") else { return [] }
    let momentum = try call.float("momentum")
    let size = try build.cast(.dim(count), to: .float32)
    let unbiased = try build.mil.mul(
      x: variance, y: build.mil.real_div(x: size, y: build.mil.sub(x: size, y: 1.0)))
    return try [("running_mean", mean), ("running_var", unbiased)].map { name, now in
      try build.mil.add(
        x: build.mil.mul(x: call.floatValue(name), y: .float(1 - momentum)),
        y: build.mil.mul(x: now, y: .float(momentum)))
    }
  }

  private static func writeStatistics(
    _ running: [Value], _ call: TorchCall, _ build: FunctionBuilder
  ) throws {
    for (name, value) in zip(["running_mean", "running_var"], running) {
      try call.tensor(name).assign(value, build)
    }
  }

  /// Empty tensors for results that only training computes.
  static func noStatistics(_ count: Int, _ build: FunctionBuilder) throws -> [Value] {
    let none = try build.filled(build.scalarConstant(0, .float32), [0])
    return Array(repeating: none, count: count)
  }
}

extension FunctionBuilder {
  /// Mean over `axes`, which stay with extent 1, what is left of `x` without it, and the variance.
  fileprivate func moments(
    _ x: Value, axes: [Int]
  ) throws -> (mean: Value, centered: Value, variance: Value) {
    let mean = try mil.reduce_mean(x: x, axes: .ints(axes), keep_dims: true)
    let centered = try mil.sub(x: x, y: mean)
    let variance = try mil.reduce_mean(
      x: mil.mul(x: centered, y: centered), axes: .ints(axes), keep_dims: true)
    return (mean, centered, variance)
  }
}

extension TorchNode {
  /// The running statistics that a norm in training writes, though it is not named as in place.
  var updatedStatistics: [String] {
    let flags = [
      "batch_norm": "training", "cudnn_batch_norm": "training",
      "_native_batch_norm_legit": "training", "instance_norm": "use_input_stats",
    ]
    guard let flag = flags[operatorName],
      let argument = inputs.first(where: { $0.name == flag })?.argument,
      case .bool(true) = argument
    else { return [] }
    return inputs.filter { ["running_mean", "running_var"].contains($0.name) }
      .flatMap { $0.argument.names }
  }
}
