// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// Max pooling as a maximum over the places of its window: for dilated windows, and for the
/// positions of the maxima, neither of which MIL has.
struct PoolingByParts {
  private let call: TorchCall
  private let build: FunctionBuilder
  private let spatial: Int
  private let kernel: [Int]
  private let stride: [Int]
  private let dilation: [Int]
  private let padding: [Int]

  init(_ call: TorchCall, _ build: FunctionBuilder, _ spatial: Int) throws {
    self.call = call
    self.build = build
    self.spatial = spatial
    kernel = try call.perAxis("kernel_size", spatial, default: 1)
    let strides = try call.perAxis("stride", spatial, default: 0)
    stride = strides.contains(0) ? kernel : strides
    dilation = try call.perAxis("dilation", spatial, default: 1)
    padding = try call.perAxis("padding", spatial, default: 0)
    guard (kernel + stride + dilation).allSatisfy({ $0 > 0 }), padding.allSatisfy({ $0 >= 0 })
    else { throw call.fault("the kernel, stride and dilation must be positive") }
  }

  /// The maxima of `x` (with a batch axis) and, where asked, their places in the flattened image.
  func run(_ x: Value, withPlaces: Bool) throws -> (values: Value, places: Value?) {
    let image = try build.shape(of: x).suffix(spatial).map { dim -> Int in
      guard let fixed = dim.fixed else {
        throw call.fault("this pooling of a flexible size is not supported")
      }
      return fixed
    }
    let counts = try call.resultShape().suffix(spatial).compactMap(\.fixed)
    guard counts.count == spatial, kernel.allSatisfy({ $0 <= 1024 }),
      kernel.reduce(1, *) <= 1024
    else { throw call.fault("a window of \(kernel) is not supported") }
    guard (image + counts).allSatisfy({ $0 <= 1 << 24 }),
      max(elementCount(image) ?? .max, elementCount(counts) ?? .max) <= 1 << 28
    else { throw call.fault("an image of \(image) is not supported") }
    // With ceil_mode the last window may begin within the image and end beyond its padding.
    let after = (0..<spatial).map { k -> Int in
      let span: Int = dilation[k] * (kernel[k] - 1) + 1
      let needed: Int = (counts[k] - 1) * stride[k] + span
      return max(padding[k], needed - image[k] - padding[k])
    }
    let pads = [0, 0, 0, 0] + (0..<spatial).flatMap { [padding[$0], after[$0]] }
    let padded =
      pads.allSatisfy { $0 == 0 }
      ? x
      : try build.mil.pad(
        x: x, pad: .ints(pads), mode: "constant", constant_val: .float(-.infinity))
    var best: Value?
    var places: Value?
    for offset in offsets() {
      let window = try (0..<spatial).reduce(padded) { value, k in
        try build.part(
          value, axis: k + 2, from: .fixed(offset[k] * dilation[k]), count: .fixed(counts[k]),
          step: stride[k])
      }
      let place = withPlaces ? try windowPlaces(offset, image, counts) : nil
      guard let old = best else {
        best = window
        places = try place.map { try build.expand($0, to: build.shape(of: window)) }
        continue
      }
      if let place, let before = places {
        let isBetter = try build.mil.greater(x: window, y: old)
        places = try build.mil.select(
          cond: isBetter, a: build.expand(place, to: build.shape(of: window)), b: before)
      }
      best = try build.mil.maximum(x: old, y: window)
    }
    guard let best else { throw call.fault("a window of no places") }
    return (best, places)
  }

  /// Every place of the window, in row-major order.
  private func offsets() -> [[Int]] {
    kernel.reduce([[]]) { places, extent in
      places.flatMap { place in (0..<extent).map { place + [$0] } }
    }
  }

  /// The flat place in the image that `offset` of every window shows.
  private func windowPlaces(_ offset: [Int], _ image: [Int], _ counts: [Int]) throws -> Value {
    var flat: [Double] = [0]
    for k in 0..<spatial {
      let shift = offset[k] * dilation[k] - padding[k]
      let places = (0..<counts[k]).map { Double($0 * stride[k] + shift) }
      flat = flat.flatMap { place in places.map { place * Double(image[k]) + $0 } }
    }
    return .constant(.numbers(try TensorData(flat, as: .int32, shape: [1, 1] + counts)))
  }
}
