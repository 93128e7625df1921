// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// How a quantized weight is written in an opset.
struct LinearForm {
  let opset: Opset
  /// The channel axes of the weight; `nil` if it has one block.
  let axes: ChannelAxes?

  /// Throws `.unsupportedByTarget`, naming the target that is needed, where `opset` has no
  /// operation for `scheme`.
  static func check(_ scheme: QuantizationScheme, opset: Opset) throws {
    if opset >= .iOS18 { return }
    if scheme.dtype.isSubByte {
      throw Diagnostic.needs(.iOS18, "\(scheme.dtype.rawValue) weights", opset)
    }
    if case .block = scheme.granularity {
      throw Diagnostic.needs(.iOS18, "weights quantized per block", opset)
    }
    if opset < .iOS16 { throw Diagnostic.needs(.iOS16, "quantized weights", opset) }
  }

  func expression(_ weight: QuantizedWeight) throws -> WeightExpression {
    opset >= .iOS18 ? try blockwise(weight) : try affine(weight)
  }

  /// `scale * (data - offset)` with blocks along every axis.
  private func blockwise(_ weight: QuantizedWeight) throws -> WeightExpression {
    let shape = weight.layout.scaleShape
    var inputs: [(name: String, value: WeightExpression)] = [
      ("data", .constant(Constant(weight.codes))),
      ("scale", try .source(weight.scales(shape: shape))),
    ]
    if weight.scheme.hasOffset {
      inputs.append(("offset", try .source(weight.offsets(shape: shape))))
    }
    return .operation("constexpr_blockwise_shift_scale", inputs, type(of: weight))
  }

  /// `scale * (quantized_data - zero_point)` along one axis.
  private func affine(_ weight: QuantizedWeight) throws -> WeightExpression {
    let count = weight.layout.blockCount
    let shape = count == 1 ? [] : [count]
    return .operation(
      "constexpr_affine_dequantize",
      [
        ("quantized_data", .constant(Constant(weight.codes))),
        ("zero_point", try .source(weight.offsets(shape: shape))),
        ("scale", try .source(weight.scales(shape: shape))),
        ("axis", .constant(Constant(int32: count == 1 ? 0 : axes?.output ?? 0))),
      ], type(of: weight))
  }

  private func type(of weight: QuantizedWeight) -> TensorType {
    TensorType(weight.source.dtype, fixed: weight.source.shape)
  }
}
