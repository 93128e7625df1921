// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// How a quantized weight is written in an opset.
struct StoredForm {
  let opset: Opset
  /// The channel axes of the weight; `nil` if it has one block.
  let axes: ChannelAxes?

  /// Throws `.unsupportedByTarget`, naming the target that is needed, where `opset` has no
  /// operation for `scheme`.
  static func check(_ scheme: QuantizationScheme, opset: Opset) throws {
    if opset >= .iOS18 { return }
    if opset < .iOS16 { throw Diagnostic.needs(.iOS16, "quantized weights", opset) }
    if scheme.dtype.isSubByte {
      throw Diagnostic.needs(.iOS18, "\(scheme.dtype.rawValue) weights", opset)
    }
    if case .block = scheme.granularity {
      throw Diagnostic.needs(.iOS18, "weights quantized per block", opset)
    }
  }

  func operation(_ weight: QuantizedWeight) throws -> Operation {
    opset >= .iOS18 ? try blockwise(weight) : try affine(weight)
  }

  /// `scale * (data - offset)` with blocks along every axis.
  private func blockwise(_ weight: QuantizedWeight) throws -> Operation {
    let shape = weight.layout.scaleShape
    var operation = Operation("constexpr_blockwise_shift_scale", name: "")
    operation.inputs = [
      .init("data", [.literal(Constant(weight.codes))]),
      .init("scale", [.literal(try stored(weight.scales(shape: shape)))]),
    ]
    if weight.scheme.hasOffset {
      operation.inputs.append(
        .init("offset", [.literal(try stored(weight.offsets(shape: shape)))]))
    }
    return operation
  }

  /// `scale * (quantized_data - zero_point)` along one axis.
  private func affine(_ weight: QuantizedWeight) throws -> Operation {
    let count = weight.layout.blockCount
    let shape = count == 1 ? [] : [count]
    var operation = Operation("constexpr_affine_dequantize", name: "")
    operation.inputs = [
      .init("quantized_data", [.literal(Constant(weight.codes))]),
      .init("zero_point", [.literal(try stored(weight.offsets(shape: shape)))]),
      .init("scale", [.literal(try stored(weight.scales(shape: shape)))]),
      .init("axis", [.literal(Constant(int32: count == 1 ? 0 : axes?.output ?? 0))]),
    ]
    return operation
  }

  /// Few numbers are kept in the program itself, as Core ML does.
  private func stored(_ source: any WeightSource) throws -> Constant {
    source.count < 10 ? Constant(try source.materialized()) : Constant(source)
  }

  /// Bytes of codes, scales and zero points.
  func byteCount(_ weight: QuantizedWeight) -> Int {
    let blocks = weight.layout.blockCount
    let offsets = weight.scheme.hasOffset || opset < .iOS18
    return weight.codes.byteCount + blocks * weight.elementSize
      + (offsets ? weight.scheme.dtype.byteCount(blocks) ?? 0 : 0)
  }
}

extension Diagnostic {
  fileprivate static func needs(_ target: Opset, _ what: String, _ opset: Opset) -> Diagnostic {
    .error(
      .unsupportedByTarget, "\(what) need the target \(target), and the model is for \(opset)",
      fix: "convert the model with --target \(target) or later")
  }
}
