// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Fourier transforms of a fixed length, as products with their matrix.
extension ComplexLowering {
  static let transforms: [String: Lowering] = [
    "aten.fft_rfft.default": { call, build in
      try one(call, build, Transform(takesComplex: false, isHalf: true))
    },
    "aten.fft_fft.default": { call, build in try one(call, build, whole(call, inverse: false)) },
    "aten.fft_ifft.default": { call, build in try one(call, build, whole(call, inverse: true)) },
    "aten.fft_irfft.default": { call, build in try halfInverse(call, build) },
    "aten.fft_fftn.default": { call, build in try several(call, build, inverse: false) },
    "aten.fft_fft2.default": { call, build in try several(call, build, inverse: false) },
    "aten.fft_ifft2.default": { call, build in try several(call, build, inverse: true) },
    "aten.fft_ifftn.default": { call, build in try several(call, build, inverse: true) },
    "aten.stft.default": { call, build in try shortTime(call, build) },
  ]

  private struct Transform {
    var takesComplex: Bool
    /// Whether only the frequencies from 0 to half the length are given.
    var isHalf = false
    var isInverse = false
  }

  private static func whole(_ call: TorchCall, inverse: Bool) -> Transform {
    Transform(
      takesComplex: call.operandMetas["self"]?.dtype.isComplex ?? false, isInverse: inverse)
  }

  private static func result(_ value: Value) -> [TorchValue] {
    [.tensor(TorchTensor(value, dtype: .float32))]
  }

  private static func shape(_ call: TorchCall) throws -> [Dim] {
    guard let meta = call.operandMetas["self"] else {
      throw call.fault("the shape of 'self' is not recorded")
    }
    return meta.sizes
  }

  private static func length(_ extent: Dim, _ call: TorchCall) throws -> Int {
    guard let length = extent.fixed, (1...4096).contains(length) else {
      throw call.fault(
        "a Fourier transform over \(extent) elements is not supported",
        fix: "export with a fixed length of at most 4096")
    }
    return length
  }

  /// What a transform over `length` elements in all is multiplied with.
  private static func factor(_ call: TorchCall, _ length: Int, inverse: Bool) throws -> Double {
    switch try call.string("norm", default: "backward") {
    case "ortho": 1 / Double(length).squareRoot()
    case "forward": inverse ? 1 : 1 / Double(length)
    default: inverse ? 1 / Double(length) : 1
    }
  }

  private static func one(
    _ call: TorchCall, _ build: FunctionBuilder, _ transform: Transform
  ) throws -> [TorchValue] {
    let shape = try shape(call)
    let axis = try call.axis("dim", rank: shape.count, default: -1)
    let length = try length(shape[axis], call)
    if call.has("n"), try call.int("n") != length {
      throw call.fault("'n' is not the length of the axis", fix: "pad or slice the tensor before")
    }
    let scale = try factor(call, length, inverse: transform.isInverse)
    return result(
      try applied(
        transform, to: call.value("self"), axis: axis, length: length, scale: scale, build))
  }

  private static func several(
    _ call: TorchCall, _ build: FunctionBuilder, inverse: Bool
  ) throws -> [TorchValue] {
    guard !call.has("s") else { throw call.fault("argument 's' is not supported") }
    let shape = try shape(call)
    let isPlane = call.node.operatorName.hasSuffix("2")
    let axes =
      call.has("dim") || !isPlane
      ? try call.axes("dim", rank: shape.count) : [shape.count - 2, shape.count - 1]
    var value = try call.value("self")
    var transform = whole(call, inverse: inverse)
    for axis in axes.reversed() {
      let length = try length(shape[axis], call)
      let scale = try factor(call, length, inverse: inverse)
      value = try applied(transform, to: value, axis: axis, length: length, scale: scale, build)
      transform.takesComplex = true
    }
    return result(value)
  }

  /// The product with the matrix of `transform`, along `axis` of the elements.
  private static func applied(
    _ transform: Transform, to x: Value, axis: Int, length: Int, scale: Double,
    _ build: FunctionBuilder
  ) throws -> Value {
    let rank = try build.rank(of: x) - (transform.takesComplex ? 1 : 0)
    // The axis goes to the end of the elements and back.
    var order = Array(0..<rank)
    order.append(order.remove(at: axis))
    let parts = transform.takesComplex ? [rank] : []
    let front = try build.permuted(x, order + parts)
    let outer = try build.shape(of: front)[..<(rank - 1)]
    let width = transform.takesComplex ? 2 * length : length
    let count = transform.isHalf ? length / 2 + 1 : length
    var matrix: [Double] = []
    for n in 0..<length {
      let rows = transform.takesComplex ? 2 : 1
      for part in 0..<rows {
        for k in 0..<count {
          // The angle of whole turns only: exact for long axes.
          let turn = Double((n * k) % length) / Double(length)
          let angle = (transform.isInverse ? 2 : -2) * Double.pi * turn
          let (c, s) = (scale * cos(angle), scale * sin(angle))
          matrix += part == 0 ? [c, s] : [-s, c]
        }
      }
    }
    let flat = try build.reshape(front, to: outer + [.fixed(width)])
    let product = try build.mil.matmul(
      x: flat,
      y: .constant(.numbers(TensorData(matrix, as: .float32, shape: [width, 2 * count]))))
    let split = try build.reshape(product, to: outer + [.fixed(count), 2])
    var back = Array(0..<(rank - 1))
    back.insert(rank - 1, at: axis)
    return try build.permuted(split, back + [rank])
  }

  /// Real signals from the frequencies from 0 to half their length.
  private static func halfInverse(
    _ call: TorchCall, _ build: FunctionBuilder
  ) throws -> [TorchValue] {
    let shape = try shape(call)
    let rank = shape.count
    guard try call.axis("dim", rank: rank, default: -1) == rank - 1 else {
      throw call.fault("only the last axis can be transformed back", fix: "transpose the tensor")
    }
    let count = try length(shape[rank - 1], call)
    let length = try call.int("n", default: 2 * (count - 1))
    guard length > 0, length / 2 + 1 == count else {
      throw call.fault("'n' is \(length) for \(count) frequencies")
    }
    let scale = try factor(call, length, inverse: true)
    var matrix = [Double](repeating: 0, count: 2 * count * length)
    for k in 0..<count {
      // Every frequency between the ends stands for its mirror too.
      let weight = scale * (k == 0 || 2 * k == length ? 1 : 2)
      for n in 0..<length {
        let angle = 2 * Double.pi * Double((n * k) % length) / Double(length)
        matrix[2 * k * length + n] = weight * cos(angle)
        matrix[(2 * k + 1) * length + n] = -weight * sin(angle)
      }
    }
    let x = try call.value("self")
    let flat = try build.reshape(
      x, to: shape[..<(rank - 1)] + [.fixed(2 * count)])
    return result(
      try build.mil.matmul(
        x: flat,
        y: .constant(.numbers(TensorData(matrix, as: .float32, shape: [2 * count, length])))))
  }

  /// Frames of a signal, each times a window and transformed: a convolution.
  private static func shortTime(
    _ call: TorchCall, _ build: FunctionBuilder
  ) throws -> [TorchValue] {
    let shape = try shape(call)
    let size = try length(.fixed(call.int("n_fft")), call)
    guard call.operandMetas["self"]?.dtype.isComplex == false, (1...2).contains(shape.count),
      try call.bool("onesided", default: true)
    else {
      throw call.fault("only the one-sided transform of real signals is supported")
    }
    let hop = try call.int("hop_length", default: size / 4)
    let window = try window(call, build, size: size)
    let scale = try call.bool("normalized", default: false) ? 1 / Double(size).squareRoot() : 1
    let count = size / 2 + 1
    var kernels: [Double] = []
    for k in 0..<count {
      for part in 0..<2 {
        for n in 0..<size {
          let angle = -2 * Double.pi * Double((n * k) % size) / Double(size)
          kernels.append(scale * window[n] * (part == 0 ? cos(angle) : sin(angle)))
        }
      }
    }
    let batch = shape.count == 2 ? shape[0] : 1
    let signal = try build.reshape(call.value("self"), to: [batch, 1, shape[shape.count - 1]])
    let frames = try build.mil.conv(
      x: signal,
      weight: .constant(.numbers(TensorData(kernels, as: .float32, shape: [2 * count, 1, size]))),
      strides: .ints([hop]), pad_type: "valid", pad: [0, 0], dilations: [1], groups: 1)
    let last = try build.shape(of: frames)[2]
    let split = try build.reshape(frames, to: [batch, .fixed(count), 2, last])
    let pairs = try build.permuted(split, [0, 1, 3, 2])
    return result(shape.count == 2 ? pairs : try build.mil.squeeze(x: pairs, axes: [0]))
  }

  /// The window, zero around it where it is shorter than a frame.
  private static func window(
    _ call: TorchCall, _ build: FunctionBuilder, size: Int
  ) throws -> [Double] {
    let width = try call.int("win_length", default: size)
    var values = [Double](repeating: 1, count: width)
    if call.has("window") {
      guard let data = try build.constant(of: call.value("window"))?.source?.materialized() else {
        throw call.fault("the window is not a constant", fix: "register it as a buffer")
      }
      values = data.doubles
    }
    guard values.count == width, width <= size else {
      throw call.fault("a window of \(values.count) elements for frames of \(size)")
    }
    let before = [Double](repeating: 0, count: (size - width) / 2)
    return before + values
      + [Double](repeating: 0, count: size - width - before.count)
  }
}
