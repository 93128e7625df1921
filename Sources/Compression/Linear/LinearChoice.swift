// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL

extension CompressionChoice {
  func linear(_ scheme: QuantizationScheme) throws -> Decision {
    try LinearForm.check(scheme, opset: opset)
    let shape = weight.source.shape
    if case .perTensor = scheme.granularity {
      guard let layout = BlockLayout(shape: shape, blockShape: shape) else {
        return .leave("is empty")
      }
      return .compress(try linear(scheme, layout, nil), note: nil)
    }
    guard let axes = weight.axes else {
      let operations = weight.operations.joined(separator: " and ")
      return .leave("its uses (\(operations)) disagree about its channel axes")
    }
    if let layout = axes.layout(shape, scheme.granularity) {
      return .compress(try linear(scheme, layout, axes), note: nil)
    }
    return try undivided(scheme, axes)
  }

  private func linear(
    _ scheme: QuantizationScheme, _ layout: BlockLayout, _ axes: ChannelAxes?
  ) throws -> any CompressedWeight {
    let quantized = try QuantizedWeight(
      weight.source, name: weight.name, scheme: scheme, layout: layout)
    return LinearWeight(quantized, axes: axes)
  }

  private func undivided(_ scheme: QuantizationScheme, _ axes: ChannelAxes) throws -> Decision {
    let shape = weight.source.shape
    let reason = "its \(shape[axes.input]) input channels do not divide into \(scheme.granularity)"
    guard options.indivisible == .perChannel else {
      throw Diagnostic.error(
        .unsupportedArgument, "weight '\(weight.name)' of shape \(shape): \(reason)",
        fix: "choose a block size that divides it, or let such weights be quantized per channel")
    }
    guard let layout = axes.layout(shape, .perChannel) else { return .leave("is empty") }
    return .compress(
      try linear(scheme.with(.perChannel), layout, axes),
      note: "quantized per channel: \(reason)")
  }
}
