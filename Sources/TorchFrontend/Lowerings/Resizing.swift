// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL

extension ATenLowering {
  /// Image resizing.
  static let resizing: [ATenLowering] = [
    ATenLowering("aten.upsample_nearest1d.vec", "aten.upsample_nearest1d.default") { call, build in
      let x = try build.mil.expand_dims(x: call.floatValue(call.imageName), axes: [2])
      let factor = try call.scale(axis: 0, spatial: 1)
      let y = try build.mil.upsample_nearest_neighbor(
        x: x, scale_factor_height: 1.0, scale_factor_width: .float(factor))
      return try build.mil.squeeze(x: y, axes: [2])
    },
    ATenLowering("aten.upsample_nearest2d.vec", "aten.upsample_nearest2d.default") { call, build in
      try nearest(call, build)
    },
    ATenLowering("aten.upsample_bilinear2d.vec", "aten.upsample_bilinear2d.default") {
      call, build in
      try bilinear(call, build)
    },
    ATenLowering("aten.grid_sampler.default", "aten.grid_sampler_2d.default") { call, build in
      let modes = ["bilinear", "nearest"]
      let paddings = ["constant", "border", "reflection"]
      let mode = try call.int("interpolation_mode")
      let padding = try call.int("padding_mode")
      guard modes.indices.contains(mode), paddings.indices.contains(padding),
        try call.rank("input") == 4
      else { throw call.fault("this interpolation, padding or rank is not supported") }
      return try build.mil.resample(
        x: call.floatValue("input"), coordinates: call.floatValue("grid"),
        sampling_mode: .string(modes[mode]), padding_mode: .string(paddings[padding]),
        padding_value: 0.0, coordinates_mode: "normalized_minus_one_to_one",
        align_corners: .bool(call.bool("align_corners", default: false)))
    },
  ]

  private static func nearest(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    let x = try call.floatValue(call.imageName)
    let (vertical, horizontal) = (
      try call.scale(axis: 0, spatial: 2), try call.scale(axis: 1, spatial: 2)
    )
    if vertical == vertical.rounded(), horizontal == horizontal.rounded(), vertical >= 1,
      horizontal >= 1
    {
      return try build.mil.upsample_nearest_neighbor(
        x: x, scale_factor_height: .float(vertical), scale_factor_width: .float(horizontal))
    }
    // Any other size picks rows and columns by PyTorch's rule floor(i * in / out).
    let shape = try build.shape(of: x)
    let target = try call.resultShape()
    guard target.count == 4 else { throw call.fault("the result has rank \(target.count), not 4") }
    var y = x
    for axis in 2...3 {
      guard let from = shape[axis].fixed, let to = target[axis].fixed else {
        throw call.fault("resizing a flexible size by a fraction is not supported")
      }
      let factor =
        call.hasScales
        ? 1 / (try call.scale(axis: axis - 2, spatial: 2)) : Double(from) / Double(to)
      let picks = (0..<to).map { min(Int((Double($0) * factor).rounded(.down)), from - 1) }
      y = try build.mil.gather(x: y, indices: .ints(picks), axis: .int(axis))
    }
    return y
  }

  private static func bilinear(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    let x = try call.floatValue(call.imageName)
    let target = try call.resultShape()
    let aligned = try call.bool("align_corners", default: false)
    let shape = try build.shape(of: x)
    guard target.count == 4 else { throw call.fault("the result has rank \(target.count), not 4") }
    if let height = target[2].fixed, let width = target[3].fixed {
      if let rows = shape[2].fixed, let columns = shape[3].fixed {
        // A factor that does not divide evenly moves the samples: MIL knows the sizes only.
        let steps = try [(rows, height), (columns, width)].enumerated().map { axis, sizes in
          try call.step(axis: axis, spatial: 2, from: sizes.0, to: sizes.1, aligned)
            == call.evenStep(from: sizes.0, to: sizes.1, aligned)
        }
        if steps.contains(false) { return try resampled(call, build, 2, .linear) }
      }
      // UNALIGN_CORNERS samples pixel centres, as PyTorch does without align_corners.
      return try build.mil.resize_bilinear(
        x: x, target_size_height: .int(height), target_size_width: .int(width),
        sampling_mode: aligned ? "STRICT_ALIGN_CORNERS" : "UNALIGN_CORNERS")
    }
    return try build.mil.upsample_bilinear(
      x: x, scale_factor_height: .float(call.scale(axis: 0, spatial: 2)),
      scale_factor_width: .float(call.scale(axis: 1, spatial: 2)), align_corners: .bool(aligned),
      half_pixel_centers: build.opset >= .iOS16 ? .bool(!aligned) : nil)
  }
}

extension TorchCall {
  var imageName: String { has("input") ? "input" : "self" }
  var hasScales: Bool { has("scale_factors") || has("scales_h") || has("scales") }

  /// An element of a list of factors.
  func factor(_ name: String, _ index: Int) throws -> Double {
    let factors = try floats(name)
    guard factors.indices.contains(index), factors[index] > 0, factors[index] < 1e6 else {
      throw fault("argument '\(name)' is \(factors), not a factor for each axis")
    }
    return factors[index]
  }

  /// How much larger the result is along a spatial axis.
  func scale(axis: Int, spatial: Int) throws -> Double {
    if has("scale_factors") { return try factor("scale_factors", axis) }
    let name = spatial == 1 ? "scales" : ["scales_h", "scales_w"][axis]
    if has(name) {
      let factor = try float(name)
      guard factor > 0, factor < 1e6 else {
        throw fault("argument '\(name)' is \(factor), not a factor")
      }
      return factor
    }
    let from = try shape(imageName)[axis + 2]
    let shape = try resultShape()
    guard shape.indices.contains(axis + 2) else {
      throw fault("the result has rank \(shape.count), not \(spatial + 2) or more")
    }
    let to = shape[axis + 2]
    guard let a = from.fixed, let b = to.fixed else {
      guard let ratio = Dim.floorDiv(to, from).fixed, from * .fixed(ratio) == to else {
        throw fault("the factor between flexible sizes is not known")
      }
      return Double(ratio)
    }
    return Double(b) / Double(a)
  }
}
