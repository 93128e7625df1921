// SPDX-License-Identifier: Apache-2.0
import Tensors

extension Kernel {
  /// Resizing of trailing axes; positions and weights in double precision.
  static let resizing: [Kernel] = [
    Kernel("upsample_nearest_neighbor") { call in
      let x = try call.floatTensor("x")
      return try call.resized(x, to: call.scaledSize(x)) { out, size, extent in
        .nearest(min(out * extent / max(size, 1), extent - 1))
      }
    },
    Kernel("resize_nearest_neighbor") { call in
      let x = try call.floatTensor("x")
      let size = [try call.int("target_size_height"), try call.int("target_size_width")]
      return try call.resized(x, to: size) { out, size, extent in
        .nearest(min(out * extent / max(size, 1), extent - 1))
      }
    },
    Kernel("upsample_bilinear") { call in
      let x = try call.floatTensor("x")
      let aligned = try call.bool("align_corners", default: true)
      let centered = try call.bool("half_pixel_centers", default: !aligned)
      let mode: SamplingMode =
        aligned ? .strictAlignCorners : centered ? .unalignCorners : .default
      return try call.resized(x, to: call.scaledSize(x)) { out, size, extent in
        .linear(mode.position(out, of: size, from: extent))
      }
    },
    Kernel("resize_bilinear") { call in
      let x = try call.floatTensor("x")
      let size = [
        try call.int("target_size_height", default: 1),
        try call.int("target_size_width", default: 1),
      ]
      let mode = try SamplingMode(call)
      return try call.resized(x, to: size) { out, size, extent in
        .linear(mode.position(out, of: size, from: extent))
      }
    },
    Kernel("resize") { call in
      let x = try call.tensor("x")
      let shape = try call.ints("shape")
      let count = try call.int("resized_dims")
      guard count >= 0, count <= shape.count, shape.count <= x.rank else {
        throw call.fault("\(count) axes of 'shape' \(shape) do not fit x of shape \(x.shape)")
      }
      let size = Swift.zip(shape.suffix(count), x.shape.suffix(count)).map { $0 == 0 ? $1 : $0 }
      let mode = try SamplingMode(call)
      switch try call.string("interpolation_mode", default: "LINEAR") {
      case "LINEAR":
        return try call.resized(x, to: size) { out, size, extent in
          .linear(mode.position(out, of: size, from: extent))
        }
      case "NEAREST_NEIGHBOR":
        return try call.resized(x, to: size) { out, size, extent in
          .nearest(mode.nearest(out, of: size, from: extent))
        }
      case let other: throw call.fault("no mode '\(other)'", .unsupportedArgument)
      }
    },
  ]
}

/// Where the points of an output axis lie on the input axis.
enum SamplingMode: String {
  case `default` = "DEFAULT"
  case strictAlignCorners = "STRICT_ALIGN_CORNERS"
  case alignCorners = "ALIGN_CORNERS"
  case offsetCorners = "OFFSET_CORNERS"
  case unalignCorners = "UNALIGN_CORNERS"

  init(_ call: KernelCall) throws {
    let name = try call.string("sampling_mode", default: "DEFAULT")
    guard let mode = SamplingMode(rawValue: name) else {
      throw call.fault("no sampling mode '\(name)'", .unsupportedArgument)
    }
    self = mode
  }

  /// The position of point `out` of `size` on an axis from 0 to `length - 1`, not clamped.
  func position(_ out: Int, of size: Int, span length: Double) -> Double {
    let (i, n) = (Double(out), Double(size))
    switch self {
    case .strictAlignCorners: return size == 1 ? 0 : i * (length - 1) / (n - 1)
    case .alignCorners: return size == 1 ? (length - 1) / 2 : i * (length - 1) / (n - 1)
    case .default: return i * length / n
    case .offsetCorners: return (i + 0.5) * max(1, length - 1) / n
    case .unalignCorners: return (i + 0.5) * length / n - 0.5
    }
  }

  /// The same within an axis of `extent` elements.
  func position(_ out: Int, of size: Int, from extent: Int) -> Double {
    min(max(position(out, of: size, span: Double(extent)), 0), Double(max(extent - 1, 0)))
  }

  /// The element nearest to a point; the one before it in the default mode.
  func nearest(_ out: Int, of size: Int, from extent: Int) -> Int {
    if self == .default { return min(out * extent / max(size, 1), max(extent - 1, 0)) }
    let rounded = Int((position(out, of: size, from: extent) + 0.5).rounded(.down))
    return min(rounded, max(extent - 1, 0))
  }
}

/// What an output position shows of an input axis.
enum Sample {
  case nearest(Int)
  case linear(Double)

  /// Two elements and the share of the second.
  func taps(_ extent: Int) -> (Int, Int, Double) {
    switch self {
    case .nearest(let i): return (i, i, 0)
    case .linear(let position):
      let low = Int(position.rounded(.down))
      return (low, min(low + 1, extent - 1), position - Double(low))
    }
  }
}

extension KernelCall {
  /// The last two extents times `scale_factor_height` and `scale_factor_width`, rounded down.
  fileprivate func scaledSize(_ x: Tensor) throws -> [Int] {
    guard x.rank >= 2 else { throw fault("x has rank \(x.rank), not 3 or more") }
    let scale = [
      try double("scale_factor_height", default: 1), try double("scale_factor_width", default: 1),
    ]
    return Swift.zip(x.shape.suffix(2), scale).map {
      Int(saturating: (Double($0) * $1).rounded(.down))
    }
  }

  /// `x` with its last axes resized, one after the other.
  fileprivate func resized(
    _ x: Tensor, to size: [Int], _ sample: (_ out: Int, _ size: Int, _ extent: Int) -> Sample
  ) throws -> Tensor {
    guard size.count <= x.rank else { throw fault("x has rank \(x.rank)") }
    var y = x
    for (k, extent) in size.enumerated() {
      let axis = x.rank - size.count + k
      guard extent >= 0, x.shape[axis] > 0 || extent == 0 else {
        throw fault("an axis of \(x.shape[axis]) cannot become \(extent)")
      }
      y = try resized(y, axis, extent, sample)
    }
    return y
  }

  private func resized(
    _ x: Tensor, _ axis: Int, _ size: Int, _ sample: (Int, Int, Int) -> Sample
  ) throws -> Tensor {
    let extent = x.shape[axis]
    var shape = x.shape
    shape[axis] = size
    let y = try make(x.dtype, shape)
    let inner = x.shape[(axis + 1)...].reduce(1, *)
    let taps = (0..<size).map { sample($0, size, extent).taps(extent) }
    for outer in 0..<x.shape[..<axis].reduce(1, *) {
      for (i, (low, high, share)) in taps.enumerated() {
        let target = (outer * size + i) * inner
        let (a, b) = ((outer * extent + low) * inner, (outer * extent + high) * inner)
        if share == 0 {
          for k in 0..<inner { y.words[target + k] = x.words[a + k] }
        } else if x.isFloat {
          for k in 0..<inner {
            let (p, q) = (Double(x.floats[a + k]), Double(x.floats[b + k]))
            y.floats[target + k] = Float(p + (q - p) * share)
          }
        } else {
          for k in 0..<inner {
            let (p, q) = (Double(x.ints[a + k]), Double(x.ints[b + k]))
            y.ints[target + k] = Int32(saturating: p + (q - p) * share)
          }
        }
      }
    }
    return y
  }
}
