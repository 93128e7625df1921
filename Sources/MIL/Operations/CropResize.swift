// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// Regions of `x[B, C, H, W]`, each resized to `target_height` by `target_width`.
  ///
  /// Before iOS 17: `roi[N, 1, 4 or 5, 1, 1]` gives `[N, B, C, th, tw]`. From iOS 17 on:
  /// `boxes[N, 4]` and `box_indices[N]` give `[N, C, th, tw]`.
  ///
  /// C1: `rank(x) == 4`. C2: `roi` has rank 5, or `boxes` the shape `[N, 4]` and `box_indices`
  /// `[N]`. C3: `box_indices` are below `B`; without them, `N <= B`. C4: the target is positive.
  /// C5: `box_coordinate_mode` and `sampling_mode` are known. C6: normalized `boxes` are floats.
  static let cropResize = OpSpec(
    "crop_resize", operands: [.tensor("x", .T), .tensor("roi", .T)] + cropTarget,
    domains: [.T: .floats],
    revisions: [
      Signature(
        since: .iOS16,
        operands: [.tensor("x", .T), .tensor("roi", .T)] + cropTarget + [cropPadding],
        domains: [.T: .floats]),
      Signature(
        since: .iOS17,
        operands: [.tensor("x", .T), .tensor("boxes", .BoxT), .optional("box_indices", .BoxIndexT)]
          + cropTarget + [cropPadding],
        domains: [
          .T: .floats, .BoxT: [.float16, .float32, .uint16], .BoxIndexT: [.uint16, .int32],
        ]),
    ],
    constraints: [
      .rank("x", 4), .rank("roi", 5), boxShapes, boxIndices, .int("target_height", atLeast: 1),
      .int("target_width", atLeast: 1),
      .choice(
        "box_coordinate_mode",
        [
          "CORNERS_HEIGHT_FIRST", "CORNERS_WIDTH_FIRST", "CENTER_SIZE_HEIGHT_FIRST",
          "CENTER_SIZE_WIDTH_FIRST",
        ]),
      .choice("sampling_mode", samplingModes),
      Constraint("boxes are floats where normalized_coordinates") { op in
        guard op.has("boxes"), try op.bool("normalized_coordinates") else { return }
        let dtype = try op.dtype("boxes")
        guard dtype.isFloat else {
          throw op.fault(
            "'boxes' is \(dtype.rawValue) but 'normalized_coordinates' is set", .typeMismatch)
        }
      },
    ]
  ) { op in
    let x = try op.type(of: "x")
    let size = try ["target_height", "target_width"].map { Dim.fixed(try op.int($0)) }
    if op.opset < .iOS17 {
      return [.tensor(x.dtype, [try op.shape("roi")[0]] + x.shape.prefix(2) + size)]
    }
    return [.tensor(x.dtype, [try op.shape("boxes")[0], x.shape[1]] + size)]
  }

  private static let cropTarget: [Operand] = [
    .optionalConstant("target_height", .int32, default: 1),
    .optionalConstant("target_width", .int32, default: 1),
    .optionalConstant("normalized_coordinates", .bool, default: false),
    .optionalConstant("spatial_scale", .float32, default: 1.0),
    .optionalConstant("box_coordinate_mode", .string, default: "CORNERS_HEIGHT_FIRST"),
    .optionalConstant("sampling_mode", .string, default: "DEFAULT"),
  ]

  private static let cropPadding = Operand.optionalConstant("pad_value", .T, default: 0.0)

  private static let boxShapes = Constraint("shape(boxes) == [N, 4], shape(box_indices) == [N]") {
    op in
    guard op.has("boxes") else { return }
    let boxes = try op.shape("boxes")
    guard boxes.count == 2 else {
      throw op.fault("'boxes' has rank \(boxes.count), not 2", .shapeMismatch)
    }
    try op.requireShape("boxes", [boxes[0], 4])
    try op.requireShape("box_indices", [boxes[0]])
  }

  private static let boxIndices = Constraint("box_indices < x.shape[0]") { op in
    guard op.has("boxes"), let batch = try op.shape("x")[0].fixed else { return }
    guard op.has("box_indices") else {
      if let count = try op.shape("boxes")[0].fixed, count > batch {
        throw op.fault("'box_indices' is missing but \(count) boxes look at \(batch) images")
      }
      return
    }
    if let bad = try op.intsIfKnown("box_indices")?.first(where: { $0 < 0 || $0 >= batch }) {
      throw op.fault("'box_indices' holds \(bad) but 'x' has \(batch) images")
    }
  }
}
