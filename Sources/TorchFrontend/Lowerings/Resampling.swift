// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ATenLowering {
  /// Resizing along each axis by a matrix of weights, for what MIL's resizing does not say.
  static let resampling: [ATenLowering] = [
    filtered(["upsample_linear1d"], spatial: 1, .linear),
    filtered(["upsample_trilinear3d"], spatial: 3, .linear),
    filtered(["upsample_bicubic2d"], spatial: 2, .cubic(-0.75)),
    filtered(["_upsample_bilinear2d_aa"], spatial: 2, .linear, antialias: true),
    filtered(["_upsample_bicubic2d_aa"], spatial: 2, .cubic(-0.5), antialias: true),
    picked("upsample_nearest3d", spatial: 3, centre: 0),
    picked("_upsample_nearest_exact1d", spatial: 1, centre: 0.5),
    picked("_upsample_nearest_exact2d", spatial: 2, centre: 0.5),
    picked("_upsample_nearest_exact3d", spatial: 3, centre: 0.5),
    ATenLowering("aten.affine_grid_generator.default") { call, build in
      let size = try call.ints("size")
      let spatial = Array(size.dropFirst(2))
      guard spatial.count == 2 || spatial.count == 3 else {
        throw call.fault("'size' has \(size.count) values")
      }
      guard let count = elementCount(spatial), count <= 1 << 22 else {
        throw call.fault("'size' is \(size)")
      }
      let aligned = try call.bool("align_corners", default: false)
      let theta = try call.floatValue("theta")
      let grid = try build.mil.matmul(
        x: baseGrid(spatial, aligned), y: theta, transpose_x: false, transpose_y: true)
      return try build.reshape(grid, to: call.resultShape())
    },
  ]

  /// Places of all pixels, `x, y(, z), 1`, in -1...1.
  private static func baseGrid(_ size: [Int], _ aligned: Bool) throws -> Value {
    func place(_ index: Int, _ extent: Int) -> Float {
      if aligned { return extent > 1 ? -1 + 2 * Float(index) / Float(extent - 1) : 0 }
      return (2 * Float(index) + 1) / Float(extent) - 1
    }
    var rows: [[Float]] = [[1]]
    for extent in size {
      // The innermost axis comes first in a row, and varies fastest.
      rows = rows.flatMap { row in (0..<extent).map { [place($0, extent)] + row } }
    }
    return .constant(
      .numbers(TensorData(float32: rows.flatMap { $0 }, shape: [rows.count, size.count + 1])))
  }

  private static func filtered(
    _ names: [String], spatial: Int, _ filter: ResizeFilter, antialias: Bool = false
  ) -> ATenLowering {
    ATenLowering(table: names.flatMap { ["aten.\($0).vec", "aten.\($0).default"] }) {
      call, build in
      try resampled(call, build, spatial, filter, antialias: antialias)
    }
  }

  static func resampled(
    _ call: TorchCall, _ build: FunctionBuilder, _ spatial: Int, _ filter: ResizeFilter,
    antialias: Bool = false
  ) throws -> Value {
    let aligned = try call.bool("align_corners", default: false)
    return try alongAxes(call, build, spatial) { x, axis, from, to in
      let step = try call.step(axis: axis - 2, spatial: spatial, from: from, to: to, aligned)
      // An antialiasing kernel grows with the step, and never shrinks.
      let weights =
        antialias
        ? filter.widened(from: from, to: to, step: step, width: max(step, 1))
        : filter.weights(from: from, to: to, step: step, aligned: aligned)
      return try build.weighted(x, axis: axis, weights, rows: to, columns: from)
    }
  }

  private static func picked(_ name: String, spatial: Int, centre: Double) -> ATenLowering {
    ATenLowering("aten.\(name).vec", "aten.\(name).default") { call, build in
      try alongAxes(call, build, spatial) { x, axis, from, to in
        let step = try call.step(axis: axis - 2, spatial: spatial, from: from, to: to, false)
        let places = (0..<to).map {
          min(max(Int(((Double($0) + centre) * step).rounded(.down)), 0), from - 1)
        }
        if places == Array(0..<from) { return x }
        return try build.mil.gather(x: x, indices: .ints(places), axis: .int(axis))
      }
    }
  }

  private static func alongAxes(
    _ call: TorchCall, _ build: FunctionBuilder, _ spatial: Int,
    _ body: (Value, _ axis: Int, _ from: Int, _ to: Int) throws -> Value
  ) throws -> Value {
    let x = try call.floatValue(call.imageName)
    let shape = try build.shape(of: x)
    let target = try call.resultShape()
    guard target.count == shape.count, shape.count == spatial + 2 else {
      throw call.fault("the result has rank \(target.count), not \(spatial + 2)")
    }
    return try (2..<(2 + spatial)).reduce(x) { value, axis in
      guard let from = shape[axis].fixed, let to = target[axis].fixed, from > 0, to > 0 else {
        throw call.fault(
          "resizing a flexible size this way is not supported", fix: "export with a fixed size")
      }
      // Each pair of elements has a weight.
      guard max(from, to) <= 1 << 14 else {
        throw call.fault("resizing \(from) elements to \(to) is not supported")
      }
      return try body(value, axis, from, to)
    }
  }
}

extension TorchCall {
  /// How far apart two results lie in the source.
  func step(
    axis: Int, spatial: Int, from: Int, to: Int, _ aligned: Bool
  ) throws -> Double {
    if aligned { return evenStep(from: from, to: to, true) }
    if has("scale_factors") { return 1 / (try factor("scale_factors", axis)) }
    let names =
      spatial == 1 ? ["scales"] : Array(["scales_d", "scales_h", "scales_w"].suffix(spatial))
    if has(names[axis]) {
      let factor = try float(names[axis])
      guard factor > 0, factor < 1e6 else {
        throw fault("argument '\(names[axis])' is \(factor), not a factor")
      }
      return 1 / factor
    }
    return evenStep(from: from, to: to, aligned)
  }

  /// The step that the sizes alone give.
  func evenStep(from: Int, to: Int, _ aligned: Bool) -> Double {
    if aligned { return to > 1 ? Double(from - 1) / Double(to - 1) : 0 }
    return Double(from) / Double(to)
  }
}

/// The kernels of image resizing, as PyTorch has them.
enum ResizeFilter {
  case linear
  /// Cubic convolution with the given slope.
  case cubic(Double)

  private var radius: Double { if case .linear = self { 1 } else { 2 } }

  private func value(_ distance: Double) -> Double {
    let x = abs(distance)
    switch self {
    case .linear: return max(0, 1 - x)
    case .cubic(let a):
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
    }
  }

  /// One row per result: weights of the source, its border repeated.
  func weights(from: Int, to: Int, step: Double, aligned: Bool) -> [Float] {
    var matrix = [Float](repeating: 0, count: from * to)
    for row in 0..<to {
      var centre = aligned ? Double(row) * step : (Double(row) + 0.5) * step - 0.5
      if case .linear = self { centre = max(centre, 0) }
      let first = Int(centre.rounded(.down)) - Int(radius) + 1
      for place in first..<(first + 2 * Int(radius)) {
        let column = min(max(place, 0), from - 1)
        matrix[row * from + column] += Float(value(centre - Double(place)))
      }
    }
    return matrix
  }

  /// Antialiased: the kernel `width` times as wide, normalized within the source.
  func widened(from: Int, to: Int, step: Double, width: Double) -> [Float] {
    var matrix = [Float](repeating: 0, count: from * to)
    for row in 0..<to {
      let centre = (Double(row) + 0.5) * step
      let low = max(0, Int(centre - radius * width + 0.5))
      let high = min(from, Int(centre + radius * width + 0.5))
      let values = (low..<max(low, high)).map { value((Double($0) + 0.5 - centre) / width) }
      let total = values.reduce(0, +)
      for (k, value) in values.enumerated() where total != 0 {
        matrix[row * from + low + k] = Float(value / total)
      }
    }
    return matrix
  }
}

extension FunctionBuilder {
  /// `x` with an axis multiplied by a matrix of `rows` results from `columns` elements.
  func weighted(
    _ x: Value, axis: Int, _ weights: [Float], rows: Int, columns: Int
  ) throws -> Value {
    let rank = try rank(of: x)
    let matrix = Value.constant(.numbers(TensorData(float32: weights, shape: [rows, columns])))
    var order = Array(0..<rank)
    order.swapAt(axis, rank - 1)
    let last = try permuted(x, order)
    let product = try mil.matmul(x: last, y: matrix, transpose_x: false, transpose_y: true)
    return try permuted(product, order)
  }
}
