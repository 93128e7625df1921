// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension ONNXLowering {
  static let resize: [ONNXLowering] = [
    ONNXLowering("Upsample", since: 7, "X", attributes: "mode scales") { node, build in
      try Resizing(node, build, scales: node.floats("scales")).apply()
    },
    ONNXLowering("Upsample", since: 9, "X scales", attributes: "mode") { node, build in
      try Resizing(node, build, scales: node.constantNumbers("scales")).apply()
    },
    ONNXLowering("Resize", since: 10, "X scales", attributes: "mode") { node, build in
      try Resizing(node, build, scales: node.constantNumbers("scales")).apply()
    },
    ONNXLowering("Resize", since: 11, "X roi? scales? sizes?", attributes: attributes) {
      node, build in
      let scales = try node.constantNumbers("scales")
      return try Resizing(node, build, scales: scales?.isEmpty ?? true ? nil : scales).apply()
    },
  ]

  private static let attributes =
    "antialias axes coordinate_transformation_mode cubic_coeff_a exclude_outside "
    + "extrapolation_value keep_aspect_ratio_policy mode nearest_mode"
}

/// One resizing node. Where Core ML has no operation for it, each axis is resampled by itself: by
/// picking elements, or by a product with a constant matrix of weights.
private struct Resizing {
  private let node: NodeCall
  private let build: FunctionBuilder
  private let shape: [Dim]
  private let mode: String
  private let coordinates: String
  private let isOld: Bool
  /// The factor of every axis, 1 where it is left alone.
  private var scales: [Double]
  /// Extents that are given; those of scales are rounded down.
  private var targets: [Int?]
  private let regions: [(start: Double, end: Double)]?

  init(_ node: NodeCall, _ build: FunctionBuilder, scales given: [Double]?) throws {
    self.node = node
    self.build = build
    shape = try node.shape("X")
    isOld = node.opset < 11
    let old = isOld ? "asymmetric" : "half_pixel"
    mode = try node.choice("mode", ["nearest", "linear", "cubic"], default: "nearest")
    coordinates = try node.choice(
      "coordinate_transformation_mode",
      [
        "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
        "tf_crop_and_resize",
      ], default: old)
    scales = shape.map { _ in 1 }
    targets = shape.map { _ in nil }
    let axes = try build.axes(
      node.ints("axes") ?? Array(shape.indices), rank: shape.count, node)
    regions = try Self.regions(node, coordinates, axes, rank: shape.count)
    if let given {
      guard given.count == axes.count, given.allSatisfy({ $0 > 0 && $0 < 1e6 }) else {
        throw node.fault(.malformed, "the scales \(given) do not fit \(axes.count) axes")
      }
      for (axis, scale) in zip(axes, given) { scales[axis] = scale }
    } else {
      try setSizes(axes)
    }
  }

  private static func regions(
    _ node: NodeCall, _ coordinates: String, _ axes: [Int], rank: Int
  ) throws -> [(start: Double, end: Double)]? {
    guard coordinates == "tf_crop_and_resize" else { return nil }
    guard let numbers = try node.constantNumbers("roi"), numbers.count == 2 * axes.count else {
      throw node.notConstant("roi")
    }
    var regions = [(start: Double, end: Double)](repeating: (0, 1), count: rank)
    for (k, axis) in axes.enumerated() { regions[axis] = (numbers[k], numbers[k + axes.count]) }
    return regions
  }

  private mutating func setSizes(_ axes: [Int]) throws {
    guard let sizes = try node.known("sizes")?.dims, sizes.count == axes.count else {
      throw node.has("sizes")
        ? node.notConstant("sizes")
        : node.fault(.malformed, "has neither 'scales' nor 'sizes'")
    }
    let policy = try node.choice(
      "keep_aspect_ratio_policy", ["stretch", "not_larger", "not_smaller"], default: "stretch")
    var factors: [Double] = []
    for (axis, size) in zip(axes, sizes) {
      if size == shape[axis] {
        factors.append(1)
        continue
      }
      guard let size = size.fixed, let extent = shape[axis].fixed, extent > 0, size > 0 else {
        throw notFixed(axis)
      }
      targets[axis] = size
      scales[axis] = Double(size) / Double(extent)
      factors.append(scales[axis])
    }
    guard policy != "stretch", let low = factors.min(), let high = factors.max() else { return }
    let factor = policy == "not_larger" ? low : high
    for axis in axes {
      guard let extent = shape[axis].fixed else { throw notFixed(axis) }
      scales[axis] = factor
      targets[axis] = Int((factor * Double(extent)).rounded(.toNearestOrAwayFromZero))
    }
  }

  private func notFixed(_ axis: Int) -> Diagnostic {
    node.fault(
      .unsupportedArgument, "resizes axis \(axis) of \(shape), whose extent is not fixed",
      fix: "give the input a fixed shape")
  }

  private func isChanged(_ axis: Int) -> Bool {
    scales[axis] != 1 || targets[axis] != nil || regions.map { $0[axis] != (0, 1) } ?? false
  }

  func apply() throws -> Value {
    let changed = shape.indices.filter(isChanged)
    let x = try node.value("X")
    if changed.isEmpty { return x }
    let isFloat = try build.dtype(of: x).isFloat
    if isFloat, let y = try image(x, changed) { return y }
    if mode == "nearest" {
      return try build.numeric(x) { x in
        try changed.reduce(x) { try picked($0, axis: $1) }
      }
    }
    let dtype = try build.dtype(of: x)
    let start = try build.cast(x, to: isFloat ? dtype : .float32)
    return try build.cast(changed.reduce(start) { try weighted($0, axis: $1) }, to: dtype)
  }

  /// What Core ML has an operation for: height and width of images.
  private func image(_ x: Value, _ changed: [Int]) throws -> Value? {
    guard shape.count == 4, changed.allSatisfy({ $0 >= 2 }), regions == nil else { return nil }
    let (high, wide) = (scales[2], scales[3])
    let isWhole = [high, wide].allSatisfy { $0 >= 1 && $0 == $0.rounded() }
    if mode == "nearest", isWhole, try repeatsPixels() {
      return try build.mil.upsample_nearest_neighbor(
        x: x, scale_factor_height: .int(Int(high)), scale_factor_width: .int(Int(wide)))
    }
    guard mode == "linear", try !node.flag("antialias") else { return nil }
    guard let sizes = exactSizes() else {
      guard coordinates == "half_pixel", isWhole, build.opset >= .iOS16 else { return nil }
      return try build.mil.upsample_bilinear(
        x: x, scale_factor_height: .int(Int(high)), scale_factor_width: .int(Int(wide)),
        align_corners: false, half_pixel_centers: true)
    }
    let sampling: String
    switch coordinates {
    case "half_pixel": sampling = "UNALIGN_CORNERS"
    case "pytorch_half_pixel" where sizes.allSatisfy({ $0 > 1 }): sampling = "UNALIGN_CORNERS"
    case "align_corners" where sizes.allSatisfy({ $0 > 1 }): sampling = "STRICT_ALIGN_CORNERS"
    default: return nil
    }
    return try build.mil.resize_bilinear(
      x: x, target_size_height: .int(sizes[0]), target_size_width: .int(sizes[1]),
      sampling_mode: .string(sampling))
  }

  /// Height and width, where they are those of the scales exactly.
  private func exactSizes() -> [Int]? {
    let sizes = (2...3).compactMap { axis -> Int? in
      guard let extent = shape[axis].fixed, let size = target(axis),
        abs(Double(size) - scales[axis] * Double(extent)) < 1e-6
      else { return nil }
      return size
    }
    return sizes.count == 2 ? sizes : nil
  }

  /// Whether whole factors repeat every element that often.
  private func repeatsPixels() throws -> Bool {
    let rounding = try node.string("nearest_mode", default: "round_prefer_floor")
    switch coordinates {
    case "half_pixel", "pytorch_half_pixel", "half_pixel_symmetric":
      return rounding.hasPrefix("round_prefer")
    case "asymmetric": return rounding == "floor" || isOld
    default: return false
    }
  }

  private func target(_ axis: Int) -> Int? {
    if let given = targets[axis] { return given }
    return shape[axis].fixed.map { extent in
      // Scales are stored in float32: 0.6 times 5 is 3.
      let exact = Double(extent) * scales[axis]
      let near = exact.rounded()
      return Int(abs(exact - near) < 1e-6 * max(near, 1) ? near : exact.rounded(.down))
    }
  }

  // MARK: One axis at a time

  private func extents(_ axis: Int) throws -> (from: Int, to: Int) {
    guard let from = shape[axis].fixed, from > 0, let to = target(axis), to >= 0 else {
      throw notFixed(axis)
    }
    return (from, to)
  }

  /// Where in the input element `place` of the output lies.
  private func position(_ place: Int, _ axis: Int, _ from: Int, _ to: Int) -> Double {
    let (p, scale) = (Double(place), scales[axis])
    let length = Double(from)
    switch coordinates {
    case "align_corners":
      let resized = scale * length
      return resized == 1 || to == 1 ? 0 : p * (length - 1) / (resized - 1)
    case "asymmetric": return p / scale
    case "pytorch_half_pixel": return to > 1 ? (p + 0.5) / scale - 0.5 : -0.5
    case "half_pixel_symmetric":
      let adjustment = Double(to) / (scale * length)
      let offset = length / 2 * (1 - adjustment)
      return offset + (p + 0.5) / scale - 0.5
    case "tf_crop_and_resize":
      let (start, end) = regions?[axis] ?? (0, 1)
      if to == 1 { return 0.5 * (start + end) * (length - 1) }
      return start * (length - 1) + p * (end - start) * (length - 1) / (Double(to) - 1)
    default: return (p + 0.5) / scale - 0.5
    }
  }

  private func picked(_ x: Value, axis: Int) throws -> Value {
    let (from, to) = try extents(axis)
    let rounding = try node.choice(
      "nearest_mode", ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"],
      default: isOld ? "floor" : "round_prefer_floor")
    let places = (0..<to).map { place -> Int in
      let position = position(place, axis, from, to)
      let rounded: Double =
        switch rounding {
        case "floor": floor(position)
        case "ceil": ceil(position)
        case "round_prefer_ceil": floor(position + 0.5)
        default: ceil(position - 0.5)
        }
      return min(max(Int(rounded), 0), from - 1)
    }
    return try build.mil.gather(x: x, indices: .ints(places), axis: .int(axis))
  }

  private func weighted(_ x: Value, axis: Int) throws -> Value {
    let (from, to) = try extents(axis)
    guard from * to <= 1 << 24 else {
      throw node.fault(
        .unsupportedArgument, "resizing \(from) to \(to) elements in mode '\(coordinates)'")
    }
    let outside = try node.float("extrapolation_value", default: 0)
    var matrix = [Double](repeating: 0, count: from * to)
    var fillers = [Double](repeating: 0, count: to)
    for place in 0..<to {
      let position = position(place, axis, from, to)
      if regions != nil, position < 0 || position > Double(from - 1) {
        fillers[place] = outside
        continue
      }
      for (source, weight) in try weights(position, scales[axis], from) {
        matrix[min(max(source, 0), from - 1) * to + place] += weight
      }
    }
    let rank = shape.count
    let dtype = try build.dtype(of: x)
    var order = Array(0..<rank)
    order.swapAt(axis, rank - 1)
    let weights = Constant.numbers(try TensorData(matrix, as: dtype, shape: [from, to]))
    var y = try build.mil.matmul(x: build.transpose(x, order), y: .constant(weights))
    if fillers.contains(where: { $0 != 0 }) {
      y = try build.mil.add(x: y, y: .constant(.numbers(TensorData(fillers, as: dtype))))
    }
    return try build.transpose(y, order)
  }

  /// The elements around a position and their shares. Elements outside count as the nearest one.
  private func weights(_ position: Double, _ scale: Double, _ from: Int) throws -> [(Int, Double)] {
    let stretch = try node.flag("antialias") && scale < 1 ? 1 / scale : 1
    let radius = (mode == "linear" ? 1 : 2) * stretch
    let a = try node.float("cubic_coeff_a", default: -0.75)
    let first = Int(floor(position - radius)) + 1
    let last = Int(ceil(position + radius)) - 1
    var shares: [(Int, Double)] = []
    for source in first...max(last, first) {
      let share = kernel(abs(Double(source) - position) / stretch, a)
      if share != 0 { shares.append((source, share)) }
    }
    if try node.flag("exclude_outside") { shares.removeAll { !(0..<from).contains($0.0) } }
    let total = shares.reduce(0) { $0 + $1.1 }
    return shares.map { ($0.0, total == 0 ? $0.1 : $0.1 / total) }
  }

  private func kernel(_ t: Double, _ a: Double) -> Double {
    if mode == "linear" { return max(0, 1 - t) }
    if t <= 1 { return ((a + 2) * t - (a + 3)) * t * t + 1 }
    return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0
  }
}
