// SPDX-License-Identifier: Apache-2.0
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Kernel {
  /// Normalizations; means and variances in double precision.
  static let normalizations: [Kernel] = [
    Kernel("batch_norm") { call in
      let mean = try call.channelParameter("mean")
      let variance = try call.channelParameter("variance")
      let epsilon = try call.double("epsilon", default: 1e-5)
      let (gamma, beta) = try call.scaleAndOffset(mean.count)
      let scale = mean.indices.map {
        Double(gamma[$0]) / (Double(variance[$0]) + epsilon).squareRoot()
      }
      return try call.mapChannels { x, c in
        Float((Double(x) - Double(mean[c])) * scale[c] + Double(beta[c]))
      }
    },
    Kernel("instance_norm") { call in
      let x = try call.floatTensor("x")
      guard x.rank >= 3 else { throw call.fault("x of shape \(x.shape) has no spatial axis") }
      let epsilon = try call.double("epsilon", default: 1e-5)
      let (gamma, beta) = try call.scaleAndOffset(x.shape[1])
      let y = try call.output(like: "x")
      let length = x.shape[2...].reduce(1, *)
      for plane in 0..<(x.shape[0] * x.shape[1]) {
        let channel = plane % x.shape[1]
        normalize(
          x.floats, y.floats, plane * length..<(plane + 1) * length, epsilon,
          gamma: { _ in gamma[channel] }, beta: { _ in beta[channel] })
      }
      return y
    },
    Kernel("layer_norm") { call in
      let x = try call.floatTensor("x")
      let axes = try call.axes("axes", rank: x.rank)
      let epsilon = try call.double("epsilon", default: 1e-5)
      let rows = try call.rows(x, along: axes)
      let gamma = try call.laneParameter("gamma", axes.map { x.shape[$0] }, default: 1)
      let beta = try call.laneParameter("beta", axes.map { x.shape[$0] }, default: 0)
      let y = try call.make(x.dtype, rows.tensor.shape)
      for row in 0..<rows.count {
        normalize(
          rows.tensor.floats, y.floats, row * rows.length..<(row + 1) * rows.length, epsilon,
          gamma: { gamma.floats[$0] }, beta: { beta.floats[$0] })
      }
      return try call.restored(y, rows)
    },
    Kernel("l2_norm") { call in
      let x = try call.floatTensor("x")
      guard x.rank >= 3 else { throw call.fault("x of shape \(x.shape) has less than three axes") }
      let epsilon = try call.double("epsilon", default: 1e-6)
      let y = try call.output(like: "x")
      let length = x.shape.suffix(3).reduce(1, *)
      for row in 0..<(length == 0 ? 0 : x.count / length) {
        let range = row * length..<(row + 1) * length
        let sum = range.reduce(0.0) { $0 + Double(x.floats[$1]) * Double(x.floats[$1]) }
        let scale = 1 / (sum + epsilon).squareRoot()
        for i in range { y.floats[i] = Float(Double(x.floats[i]) * scale) }
      }
      return y
    },
    Kernel("local_response_norm") { call in
      let x = try call.floatTensor("x")
      let size = try call.int("size")
      guard x.rank >= 3, size > 0 else { throw call.fault("'size' is \(size)") }
      let alpha = try call.double("alpha", default: 1e-4)
      let beta = try call.double("beta", default: 0.75)
      let k = try call.double("k", default: 1)
      let y = try call.make(x.dtype, x.shape)
      let (channels, inner) = (x.shape[1], x.shape[2...].reduce(1, *))
      for n in 0..<x.shape[0] {
        for c in 0..<channels {
          // `size` channels around c, one more before it than after it when `size` is even.
          let first = max(0, c - size / 2)
          let last = min(channels - 1, c - size / 2 + size - 1)
          for i in 0..<inner {
            let base = n * channels * inner + i
            let sum = (first...max(first, last)).reduce(0.0) { sum, channel in
              let value = Double(x.floats[base + channel * inner])
              return sum + value * value
            }
            let scale = pow(k + alpha / Double(size) * sum, beta)
            y.floats[base + c * inner] = Float(Double(x.floats[base + c * inner]) / scale)
          }
        }
      }
      return y
    },
  ]

  /// `gamma * (x - mean) / sqrt(variance + epsilon) + beta` over `range`.
  @inline(__always)
  private static func normalize(
    _ x: UnsafeMutableBufferPointer<Float>, _ y: UnsafeMutableBufferPointer<Float>,
    _ range: Range<Int>, _ epsilon: Double, gamma: (Int) -> Float, beta: (Int) -> Float
  ) {
    if range.isEmpty { return }
    var sum = 0.0
    for i in range { sum += Double(x[i]) }
    let mean = sum / Double(range.count)
    var squares = 0.0
    for i in range { squares += (Double(x[i]) - mean) * (Double(x[i]) - mean) }
    let scale = 1 / (squares / Double(range.count) + epsilon).squareRoot()
    for i in range {
      let k = i - range.lowerBound
      y[i] = Float((Double(x[i]) - mean) * scale * Double(gamma(k)) + Double(beta(k)))
    }
  }
}

extension KernelCall {
  /// `gamma` and `beta` per channel.
  fileprivate func scaleAndOffset(_ channels: Int) throws -> (gamma: [Float], beta: [Float]) {
    (
      has("gamma") ? try channelParameter("gamma") : Array(repeating: 1, count: channels),
      has("beta") ? try channelParameter("beta") : Array(repeating: 0, count: channels)
    )
  }

  /// A float parameter of `shape`.
  fileprivate func laneParameter(
    _ name: String, _ shape: [Int], default value: Float
  ) throws -> Tensor {
    guard has(name) else { return try make(.float32, shape, filledWith: value) }
    let parameter = try floatTensor(name)
    guard parameter.shape == shape else {
      throw fault("'\(name)' has shape \(parameter.shape), not \(shape)")
    }
    return parameter
  }
}
