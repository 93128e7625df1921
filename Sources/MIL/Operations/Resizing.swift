// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// Resampling of images: the last two axes of `x` are height and width.
  static let imageResizing: [OpSpec] = [
    affine, crop, cropResize, resample, resize, resizeBilinear, resizeNearestNeighbor,
    upsampleBilinear, upsampleNearestNeighbor,
  ]

  static let samplingModes = [
    "STRICT_ALIGN_CORNERS", "ALIGN_CORNERS", "UNALIGN_CORNERS", "DEFAULT", "OFFSET_CORNERS",
  ]

  /// Height and width times a factor, rounded down. C1: `rank(x) >= 3`. C2, C3: the factors are
  /// single positive numbers. C4: no extent becomes 0.
  private static let upsampleNearestNeighbor = OpSpec(
    "upsample_nearest_neighbor", operands: upsampling,
    domains: [.T: .floats, .U: [.float32, .int32]], constraints: upsamplingConstraints,
    results: upsampled)

  /// As `upsample_nearest_neighbor`.
  private static let upsampleBilinear: OpSpec = {
    let operands = upsampling + [.optionalConstant("align_corners", .bool, default: true)]
    let domains: [Domain: [DType]] = [.T: .floats, .U: [.int32, .float32]]
    return OpSpec(
      "upsample_bilinear", operands: operands, domains: domains,
      revisions: [
        Signature(
          since: .iOS16,
          operands: operands + [.optionalConstant("half_pixel_centers", .bool)],
          domains: domains)
      ], constraints: upsamplingConstraints, results: upsampled)
  }()

  private static let upsampling: [Operand] = [
    .tensor("x", .T), .optionalConstant("scale_factor_height", .U, default: 1),
    .optionalConstant("scale_factor_width", .U, default: 1),
  ]

  private static let upsamplingConstraints: [Constraint] =
    [.rank("x", atLeast: 3)]
    + ["scale_factor_height", "scale_factor_width"].map { name in
      Constraint("\(name) > 0") { op in
        let factor = try op.float(name)
        guard factor > 0, factor < 65536 else {
          throw op.fault("'\(name)' is \(factor), which is no factor between 0 and 65536")
        }
      }
    }

  private static let upsampled: @Sendable (OpContext) throws -> [ValueType] = { op in
    let x = try op.type(of: "x")
    let image = x.shape.suffix(2)
    let extents = try zip(image, ["scale_factor_height", "scale_factor_width"]).map {
      try op.scaled($0, by: op.float($1))
    }
    for (extent, scaled) in zip(image, extents) where (scaled.fixed ?? 1) < 1 {
      throw op.fault("nothing is left of the extent \(extent) of 'x'", .shapeMismatch)
    }
    return [.tensor(x.dtype, x.shape.dropLast(2) + extents)]
  }

  /// Height and width become the given numbers. C1: `rank(x) >= 3`. C2, C3: they are positive.
  private static let resizeNearestNeighbor = OpSpec(
    "resize_nearest_neighbor",
    operands: [
      .tensor("x", .T), .constant("target_size_height", .int32),
      .constant("target_size_width", .int32),
    ],
    domains: [.T: .floats], constraints: targetSizeConstraints, results: resized)

  /// As `resize_nearest_neighbor`. C4: `sampling_mode` is known.
  private static let resizeBilinear = OpSpec(
    "resize_bilinear",
    operands: [
      .tensor("x", .T), .optionalConstant("target_size_height", .int32, default: 1),
      .optionalConstant("target_size_width", .int32, default: 1),
      .optionalConstant("sampling_mode", .string, default: "DEFAULT"),
    ],
    domains: [.T: .floats],
    constraints: targetSizeConstraints + [.choice("sampling_mode", samplingModes)],
    results: resized)

  private static let targetSizeConstraints: [Constraint] = [
    .rank("x", atLeast: 3), .int("target_size_height", atLeast: 1),
    .int("target_size_width", atLeast: 1),
  ]

  private static let resized: @Sendable (OpContext) throws -> [ValueType] = { op in
    let x = try op.type(of: "x")
    let size = try ["target_size_height", "target_size_width"].map { Dim.fixed(try op.int($0)) }
    return [.tensor(x.dtype, x.shape.dropLast(2) + size)]
  }

  /// Cuts `crop_height` (above, below) and `crop_width` (left, right) off. C1: `rank(x) >= 3`.
  /// C2: each is two numbers that are not negative. C3: something is left.
  private static let crop = OpSpec(
    "crop",
    operands: [
      .tensor("x", .T), .constant("crop_height", .int32), .constant("crop_width", .int32),
    ],
    domains: [.T: .floats], constraints: [.rank("x", atLeast: 3)]
  ) { op in
    let x = try op.type(of: "x")
    let extents = try zip(x.shape.suffix(2), ["crop_height", "crop_width"]).map { extent, name in
      let border = try op.ints(name, count: 2, default: 0)
      let rest = extent - .fixed(border[0]) - .fixed(border[1])
      guard border.allSatisfy({ $0 >= 0 }), (rest.fixed ?? 1) >= 1 else {
        throw op.fault(
          "'\(name)' is \(op.describe(border)), which cannot be cut off an extent of \(extent)",
          .shapeMismatch)
      }
      return rest
    }
    return [.tensor(x.dtype, x.shape.dropLast(2) + extents)]
  }
}

extension OpContext {
  /// `floor(extent * factor)`; exact for symbolic extents where `factor` is a dyadic fraction.
  fileprivate func scaled(_ extent: Dim, by factor: Double) -> Dim {
    if let fixed = extent.fixed {
      let product = (Double(fixed) * factor).rounded(.down)
      return .fixed(Int(saturating: product))
    }
    var denominator = 1.0
    while denominator < 1024, (factor * denominator).rounded() != factor * denominator {
      denominator *= 2
    }
    let numerator = factor * denominator
    guard numerator.rounded() == numerator else { return freshDim(lower: 1) }
    return .floorDiv(extent * .fixed(Int(saturating: numerator)), .fixed(Int(denominator)))
  }
}
