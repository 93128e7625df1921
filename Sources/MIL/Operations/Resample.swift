// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// `x[B, C, H1, W1]` sampled at `coordinates[B, H2, W2, 2]`, (x, y) each; gives
  /// `[B, C, H2, W2]`.
  ///
  /// C1: `rank(x) == rank(coordinates) == 4`. C2: the batches are equal and the last extent of
  /// `coordinates` is 2. C3: `sampling_mode`, `padding_mode` and `coordinates_mode` are known.
  static let resample: OpSpec = {
    let operands: [Operand] =
      [.tensor("x", .T), .tensor("coordinates", .U)] + sampling
    return OpSpec(
      "resample", operands: operands, domains: [.T: .floats, .U: [.int32, .float32]],
      revisions: [
        Signature(
          since: .iOS16, operands: operands,
          domains: [.T: .floats, .U: [.int32, .float16, .float32]]),
        Signature(
          since: .iOS17, operands: operands,
          domains: [
            .T: .floats, .U: [.int8, .uint8, .int16, .uint16, .int32, .float16, .float32],
          ]),
      ],
      constraints: [
        .rank("x", 4), .rank("coordinates", 4),
        Constraint("coordinates.shape == [x.shape[0], H2, W2, 2]") { op in
          let found = try op.shape("coordinates")
          try op.requireShape("coordinates", [op.shape("x")[0], found[1], found[2], 2])
        },
        .choice("sampling_mode", ["bilinear", "nearest"]),
        .choice("padding_mode", ["constant", "border", "reflection", "symmetric"]),
        .choice(
          "coordinates_mode",
          ["unnormalized", "normalized_minus_one_to_one", "normalized_zero_to_one"]),
      ]
    ) { op in
      let x = try op.type(of: "x")
      let coordinates = try op.shape("coordinates")
      return [.tensor(x.dtype, [x.shape[0], x.shape[1], coordinates[1], coordinates[2]])]
    }
  }()

  /// `x[B, C, H, W]` under the affine map `transform_matrix[B or 1, 6]`; gives
  /// `[B, C, output_height, output_width]`.
  ///
  /// C1: `rank(x) == 4`, `rank(transform_matrix) == 2`. C2: its shape is `[B or 1, 6]`.
  /// C3: the sizes are positive. C4: `sampling_mode` is `bilinear`, `padding_mode` `constant` with
  /// 0, `coordinates_mode` `normalized_minus_one_to_one`.
  static let affine = OpSpec(
    "affine",
    operands: [
      .tensor("x", .T), .tensor("transform_matrix", .T), .constant("output_height", .int32),
      .constant("output_width", .int32),
    ] + sampling,
    domains: [.T: .floats],
    constraints: [
      .rank("x", 4), .rank("transform_matrix", 2),
      Constraint("transform_matrix.shape == [x.shape[0] or 1, 6]") { op in
        let found = try op.shape("transform_matrix")
        try op.requireShape(
          "transform_matrix", [found[0] == 1 ? 1 : op.shape("x")[0], 6])
      },
      .int("output_height", atLeast: 1), .int("output_width", atLeast: 1),
      .choice("sampling_mode", ["bilinear"]), .choice("padding_mode", ["constant"]),
      .choice("coordinates_mode", ["normalized_minus_one_to_one"]),
      Constraint("padding_value == 0") { op in
        let value = try op.float("padding_value")
        guard value == 0 else { throw op.fault("'padding_value' is \(value), not 0") }
      },
    ]
  ) { op in
    let x = try op.type(of: "x")
    let size = try ["output_height", "output_width"].map { Dim.fixed(try op.int($0)) }
    return [.tensor(x.dtype, x.shape.prefix(2) + size)]
  }

  private static let sampling: [Operand] = [
    .constant("sampling_mode", .string), .constant("padding_mode", .string),
    .constant("padding_value", .T), .constant("coordinates_mode", .string),
    .constant("align_corners", .bool),
  ]
}
