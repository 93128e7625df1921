// SPDX-License-Identifier: Apache-2.0
package import MIL
package import Tensors

/// A linearly quantized weight, as `constexpr_blockwise_shift_scale` from iOS 18 on and as
/// `constexpr_affine_dequantize` before.
package final class LinearWeight: CompressedWeight {
  private let quantized: QuantizedWeight
  /// The channel axes of the weight; `nil` if it has one block.
  private let axes: ChannelAxes?

  init(_ quantized: QuantizedWeight, axes: ChannelAxes?) {
    self.quantized = quantized
    self.axes = axes
  }

  package var source: any WeightSource { quantized.source }
  package var key: String { quantized.key }
  package var scheme: CompressionScheme { .linear(quantized.scheme) }

  package func expression(in opset: Opset) throws -> WeightExpression {
    try LinearForm(opset: opset, axes: axes).expression(quantized)
  }

  package func isFinite() throws -> Bool { try quantized.isFinite() }
  package func error() throws -> WeightError { try quantized.error() }
}
