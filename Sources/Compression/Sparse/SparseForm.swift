// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// How a sparse weight is written in an opset.
struct SparseForm {
  let kept: KeptElements
  let shape: [Int]

  /// Throws `.unsupportedByTarget`, naming the target that is needed, where `opset` cannot store a
  /// sparse weight whose elements are `values`.
  static func check(_ values: CompressionScheme.Values, opset: Opset) throws {
    if case .palette(let scheme) = values, scheme.clusterSize > 1 || scheme.hasChannelScale {
      throw Diagnostic.error(
        .unsupportedArgument,
        "a sparse weight cannot have a palette \(scheme.clusterSize > 1 ? "of vectors" : "with a scale per channel")",
        fix: "leave that out, or the pruning")
    }
    if opset < .iOS18 && values != .dense {
      throw Diagnostic.needs(.iOS18, "weights both sparse and quantized", opset)
    }
    if opset < .iOS16 { throw Diagnostic.needs(.iOS16, "sparse weights", opset) }
  }

  /// The kept elements of `source` as they are.
  func expression(_ source: any WeightSource, in opset: Opset) throws -> WeightExpression {
    let type = TensorType(source.dtype, fixed: shape)
    var inputs = [
      (name: "nonzero_data", value: try WeightExpression.source(CompactedSource(source, kept)))
    ]
    if opset >= .iOS18 {
      inputs.append(("mask", try bits))
    } else {
      inputs.append(("mask", try .source(MaskSource(kept.mask, asBytes: true))))
      inputs.append(("shape", .constant(Constant(try extents()))))
    }
    return .operation("constexpr_sparse_to_dense", inputs, type)
  }

  /// The same as `dense`, which is one operation over codes or indices, for the kept elements only.
  func expression(of dense: WeightExpression) throws -> WeightExpression {
    guard case .result(let operation, _) = dense, let dtype = operation.outputs.last?.dtype,
      let (type, mask, data) = Self.sparseKind(of: operation),
      case .constant(let codes)? = operation[data], let source = codes.source,
      source.shape == shape
    else {
      throw Diagnostic.error(
        .unsupportedArgument, "weights that are compressed this way cannot be sparse too",
        fix: "leave out vectors, or the scale per channel")
    }
    var inputs: [(name: String, value: WeightExpression)] = [
      (mask, try bits),
      (
        mask.hasPrefix("indices") ? "indices_nonzero_data" : "nonzero_data",
        try .source(CompactedSource(source, kept))
      ),
    ]
    inputs += operation.inputs.filter { $0.name != data }
    let sparse = WeightOperation(
      type, inputs, [TensorType(.uint1, fixed: shape), TensorType(dtype, fixed: [kept.count])])
    return .operation(
      "constexpr_sparse_to_dense",
      [("nonzero_data", .result(sparse, output: 1)), ("mask", .result(sparse, output: 0))],
      TensorType(dtype, fixed: shape))
  }

  private static func sparseKind(
    of operation: WeightOperation
  ) -> (type: String, mask: String, data: String)? {
    switch operation.type {
    case "constexpr_blockwise_shift_scale":
      ("constexpr_sparse_blockwise_shift_scale", "data_mask", "data")
    case "constexpr_lut_to_dense" where operation["vector_axis"] == nil:
      ("constexpr_lut_to_sparse", "indices_mask", "indices")
    default: nil
    }
  }

  private var bits: WeightExpression {
    get throws { try .source(MaskSource(kept.mask, asBytes: false)) }
  }

  private func extents() throws -> TensorData {
    var bytes: [UInt8] = []
    for extent in shape {
      guard let extent = UInt32(exactly: extent) else {
        throw Diagnostic.error(.notRepresentable, "a sparse weight of shape \(shape) is too long")
      }
      withUnsafeBytes(of: extent.littleEndian) { bytes += $0 }
    }
    return try TensorData(dtype: .uint32, shape: [shape.count], bytes: bytes)
  }
}
