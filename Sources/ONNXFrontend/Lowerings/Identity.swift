// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// Operators that pass their input on when a model is only run.
  static let identity: [ONNXLowering] = [
    .custom("Identity", "input") { node, build in
      guard let value = node.inputs[0] else { throw node.fault(.malformed, "has no input") }
      return [value]
    },
    .custom("Dropout", since: 7, "data", attributes: "ratio") { node, build in
      try node.dropout(build)
    },
    .custom("Dropout", since: 12, "data ratio? training_mode?", attributes: "seed") { node, build in
      if node.has("training_mode"), try node.known("training_mode")?.bools != [false] {
        throw node.fault(
          .unsupportedArgument, "input 'training_mode' is not false; training is not supported",
          fix: "export the model in evaluation mode")
      }
      return try node.dropout(build)
    },
  ]
}

extension NodeCall {
  /// The input, and a mask that keeps everything.
  fileprivate func dropout(_ build: FunctionBuilder) throws -> [ONNXValue] {
    guard let data = inputs[0] else { throw fault(.malformed, "has no input") }
    guard isUsed(1) else { return [data] }
    let mask = try build.cast(build.fill(shape("data"), 1, .int32), to: .bool)
    return [data, ONNXValue(mask, .bool)]
  }
}
