// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// How a palettized weight is written in an opset.
struct PaletteForm {
  let opset: Opset

  /// Throws `.unsupportedByTarget`, naming the target that is needed, where `opset` has no
  /// operation for `scheme`.
  static func check(_ scheme: PaletteScheme, opset: Opset) throws {
    if opset >= .iOS18 { return }
    if scheme.granularity != .perTensor {
      throw Diagnostic.needs(.iOS18, "palettes per group of channels", opset)
    }
    if scheme.clusterSize > 1 { throw Diagnostic.needs(.iOS18, "palettes of vectors", opset) }
    if scheme.hasChannelScale {
      throw Diagnostic.needs(.iOS18, "palettes with scales per channel", opset)
    }
    if let dtype = scheme.tableDType {
      throw Diagnostic.needs(.iOS18, "palettes with tables of \(dtype.rawValue)", opset)
    }
    if scheme.bits == 3 { throw Diagnostic.needs(.iOS18, "palettes of 3 bits", opset) }
    if opset < .iOS16 { throw Diagnostic.needs(.iOS16, "palettized weights", opset) }
  }

  func expression(_ weight: PalettizedWeight) throws -> WeightExpression {
    try Self.check(weight.palette, opset: opset)
    let type = TensorType(weight.source.dtype, fixed: weight.source.shape)
    if opset < .iOS18 { return try packed(weight, type) }
    var inputs: [(name: String, value: WeightExpression)] = [
      ("indices", .constant(Constant(weight.indices))), ("lut", try table(weight)),
    ]
    if weight.layout.clusterSize > 1 {
      inputs.append(("vector_axis", .constant(Constant(int32: weight.layout.axis))))
    }
    let values = WeightExpression.operation("constexpr_lut_to_dense", inputs, type)
    guard weight.palette.hasChannelScale else { return values }
    return .operation(
      "constexpr_blockwise_shift_scale",
      [("data", values), ("scale", try .source(PaletteScales(weight, ofTables: false)))], type)
  }

  private func table(_ weight: PalettizedWeight) throws -> WeightExpression {
    let shape = weight.layout.tableShape(weight.palette.entryCount)
    let table = try WeightExpression.source(PaletteTables(weight, shape: shape))
    guard weight.palette.tableDType != nil else { return table }
    return .operation(
      "constexpr_blockwise_shift_scale",
      [("data", table), ("scale", try .source(PaletteScales(weight, ofTables: true)))],
      TensorType(weight.source.dtype, fixed: shape))
  }

  /// The form of iOS 16: bytes of indices, a flat table and the shape.
  private func packed(_ weight: PalettizedWeight, _ type: TensorType) throws -> WeightExpression {
    let shape = try TensorData(weight.source.shape.map(Double.init), as: .uint32)
    return .operation(
      "constexpr_lut_to_dense",
      [
        ("indices", .constant(Constant(PaletteIndexBytes(weight)))),
        ("lut", try .source(PaletteTables(weight, shape: [weight.palette.entryCount]))),
        ("shape", .constant(Constant(shape))),
      ], type)
  }
}
