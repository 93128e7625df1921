// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// What lowerings may take for granted of arguments: PyTorch ensures it when it traces, but a file
/// may say anything.
enum ArgumentRules {
  /// Arguments that say how many of something there are.
  static let counts: Set<String> = [
    "steps", "window_length", "n", "m", "N", "row", "col", "num_layers", "chunks", "sections",
    "groups", "num_groups", "num_classes", "upscale_factor", "downscale_factor", "kernel_size",
    "output_padding", "stride", "dilation", "split_size", "output_size", "reduction",
  ]

  /// The ranks that a tensor argument may have, by operator.
  static let ranks: [String: (argument: String, ranks: ClosedRange<Int>)] = {
    var table: [String: (argument: String, ranks: ClosedRange<Int>)] = [:]
    for (operators, argument, ranks) in rows {
      for name in operators { table[name] = (argument, ranks) }
    }
    return table
  }()

  private static let any = 16

  private static let rows: [([String], String, ClosedRange<Int>)] = [
    (["slice", "select", "narrow", "unbind", "split", "chunk", "tensor_split"], "self", 1...any),
    (["split_with_sizes", "unsafe_split", "unsafe_chunk", "unfold"], "self", 1...any),
    (
      ["unsafe_split_with_sizes", "diff", "index_select", "index_add", "index_copy"], "self",
      1...any
    ),
    (["select_scatter", "slice_scatter"], "self", 1...any),
    (["scaled_dot_product_attention"], "query", 2...any),
    (["diagonal", "diagonal_copy", "diagonal_scatter", "tril", "triu", "rot90"], "self", 2...any),
    (["trace"], "self", 2...2),
    (["channel_shuffle", "native_channel_shuffle", "group_norm"], "self", 2...any),
    (["fliplr"], "self", 2...any),
    (["flipud"], "self", 1...any),
    (["upsample_nearest1d", "upsample_linear1d", "_upsample_nearest_exact1d"], "self", 3...3),
    (["upsample_nearest2d", "upsample_bilinear2d", "upsample_bicubic2d"], "self", 4...4),
    (["_upsample_nearest_exact2d", "_upsample_bilinear2d_aa"], "self", 4...4),
    (["_upsample_bicubic2d_aa"], "self", 4...4),
    (["upsample_nearest3d", "upsample_trilinear3d", "_upsample_nearest_exact3d"], "self", 5...5),
    (["conv1d", "conv2d", "conv3d", "convolution", "_convolution"], "weight", 3...5),
    (["conv_transpose1d", "conv_transpose2d", "conv_transpose3d"], "weight", 3...5),
    (["lstm", "gru", "rnn_tanh", "rnn_relu"], "input", 2...3),
    (["embedding_bag", "_embedding_bag", "_embedding_bag_forward_only"], "indices", 1...1),
    (["vander"], "x", 1...1),
  ]

  /// Throws `.malformed` where the tensor that decides has a rank that the operator does not take.
  static func check(_ call: TorchCall) throws {
    guard let rule = ranks[call.node.operatorName] else { return }
    let name = call.has(rule.argument) ? rule.argument : "input"
    guard case .tensor(let tensor) = call.arguments[name] else { return }
    let rank = try call.build.rank(of: tensor.value(call.build))
    guard !rule.ranks.contains(rank) else { return }
    throw Diagnostic.error(
      .malformed, at: call.node.location,
      "argument '\(name)' has rank \(rank), which '\(call.node.operatorName)' does not take")
  }
}
