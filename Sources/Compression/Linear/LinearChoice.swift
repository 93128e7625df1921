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
      weight.source, name: weight.name, scheme: scheme, layout: layout,
      importance: try importance(scheme))
    return LinearWeight(quantized, axes: axes)
  }

  /// Throws `.shapeMismatch` where there is not one number per input channel.
  private func importance(_ scheme: QuantizationScheme) throws -> Importance? {
    guard scheme.fit == .error, let values = options.importance?[weight.name] else { return nil }
    let shape = weight.source.shape
    guard let axes = weight.axes else {
      let operations = weight.operations.joined(separator: " and ")
      throw Diagnostic.error(
        .unsupportedArgument,
        "weight '\(weight.name)' has no input channels that its importance could be of: its uses "
          + "(\(operations)) disagree about them",
        fix: "leave it out of the importance")
    }
    guard values.count == shape[axes.input] else {
      throw Diagnostic.error(
        .shapeMismatch,
        "the importance of weight '\(weight.name)' has \(values.count) numbers, and the weight of "
          + "shape \(shape) has \(shape[axes.input]) input channels",
        fix: "give one number for each input channel")
    }
    return Importance(values: values, stride: shape[(axes.input + 1)...].reduce(1, *))
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
