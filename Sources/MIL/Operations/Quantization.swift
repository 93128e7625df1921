// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// Affine quantization of run-time tensors, per tensor or per slice of `axis`.
  ///
  /// C1: `scale` is a scalar, or a vector with `axis`. C2: `zero_point` has the rank of `scale`.
  /// C3: a vector has one element per slice of `axis`. C4: `axis` lies within the rank of `input`
  /// and is absent where `scale` is a scalar.
  static let quantization: [OpSpec] = [quantize, dequantize]

  /// `clip(round(input / scale) + zero_point)` as `output_dtype`. C5: `output_dtype` is `uint8` or
  /// `int8`, and that of `zero_point`. C6: no `scale` is 0.
  private static let quantize = OpSpec(
    "quantize", since: .iOS17,
    operands: [
      .tensor("input", .SrcT), .optionalConstant("zero_point", .DstT),
      .constant("scale", .SrcT), .optionalConstant("axis", .int32),
      .constant("output_dtype", .string),
    ],
    domains: [.SrcT: .floats, .DstT: [.uint8, .int8]],
    constraints: [
      quantizationParameters,
      Constraint("output_dtype in {uint8, int8}, that of zero_point") { op in
        let dtype = try op.namedDType("output_dtype", in: [.uint8, .int8])
        if op.has("zero_point"), try op.dtype("zero_point") != dtype {
          throw op.fault(
            "'output_dtype' is '\(dtype.rawValue)' but 'zero_point' is "
              + (try op.dtype("zero_point").rawValue), .typeMismatch)
        }
      },
      Constraint("scale != 0") { op in
        if let scale = try op.floats("scale"), scale.contains(0) {
          throw op.fault("'scale' holds 0")
        }
      },
    ]
  ) { op in
    let dtype = try op.namedDType("output_dtype", in: [.uint8, .int8])
    return [.tensor(dtype, try op.shape("input"))]
  }

  /// `(input - zero_point) * scale`, in the dtype of `scale`.
  private static let dequantize = OpSpec(
    "dequantize", since: .iOS17,
    operands: [
      .tensor("input", .SrcT), .optionalConstant("zero_point", .SrcT),
      .constant("scale", .DstT), .optionalConstant("axis", .int32),
    ],
    domains: [.SrcT: [.uint8, .int8], .DstT: .floats], constraints: [quantizationParameters]
  ) { op in
    [.tensor(try op.dtype("scale"), try op.shape("input"))]
  }

  private static let quantizationParameters = Constraint(
    "scale and zero_point are scalars, or vectors along axis"
  ) { op in
    let (input, rank) = (try op.shape("input"), try op.rank("scale"))
    guard rank <= 1 else {
      throw op.fault("'scale' has rank \(rank), not 0 or 1", .shapeMismatch)
    }
    if op.has("zero_point"), try op.rank("zero_point") != rank {
      throw op.fault(
        "'zero_point' has rank \(try op.rank("zero_point")) but 'scale' has rank \(rank)",
        .shapeMismatch)
    }
    guard op.has("axis") == (rank == 1) else {
      throw op.fault(
        rank == 1
          ? "'axis' is missing but 'scale' is a vector" : "'axis' is given but 'scale' is a scalar")
    }
    guard rank == 1 else { return }
    let axis = try op.axis("axis", rank: input.count)
    for name in ["scale", "zero_point"] { try op.requireShape(name, [input[axis]]) }
  }
}
