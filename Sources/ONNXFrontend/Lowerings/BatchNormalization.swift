// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let batchNormalization: [ONNXLowering] = [
    ONNXLowering(
      "BatchNormalization", since: 7, "X scale B mean var", attributes: "epsilon momentum spatial"
    ) { node, build in
      try node.require("spatial", 1)
      return try build.batchNorm(node, mean: "mean", variance: "var")
    },
    ONNXLowering(
      "BatchNormalization", since: 14, "X scale B input_mean input_var",
      attributes: "epsilon momentum training_mode"
    ) { node, build in
      guard try !node.flag("training_mode") else {
        throw node.fault(
          .unsupportedArgument, "attribute 'training_mode' is 1; training is not supported",
          fix: "export the model in evaluation mode")
      }
      return try build.batchNorm(node, mean: "input_mean", variance: "input_var")
    },
  ]
}

extension FunctionBuilder {
  fileprivate func batchNorm(_ node: NodeCall, mean: String, variance: String) throws -> Value {
    let (x, rank) = (try node.value("X"), try node.rank("X"))
    let epsilon = try node.float("epsilon", default: 1e-5)
    let names = ["scale", "B", mean, variance]
    let isConstant = try names.allSatisfy { try node.weight($0) != nil }
    guard isConstant, rank <= 5 else { return try computed(node, x, names, epsilon, rank) }
    // Core ML wants at least one spatial axis.
    let image = rank == 2 ? try mil.expand_dims(x: x, axes: [2]) : x
    let dtype = try self.dtype(of: x)
    let parameters = try names.map { try cast(parameter: $0, to: dtype, node) }
    let y = try mil.batch_norm(
      x: image, mean: parameters[2], variance: parameters[3], gamma: parameters[0],
      beta: parameters[1], epsilon: .float(epsilon))
    return rank == 2 ? try mil.squeeze(x: y, axes: [2]) : y
  }

  /// Parameters that are computed when the model runs.
  private func computed(
    _ node: NodeCall, _ x: Value, _ names: [String], _ epsilon: Double, _ rank: Int
  ) throws -> Value {
    let dtype = try self.dtype(of: x)
    let parts = try names.map { try perChannel(cast(node.value($0), to: dtype), rank: rank) }
    let deviation = try mil.sqrt(x: mil.add(x: parts[3], y: scalar(epsilon, dtype)))
    let centred = try mil.real_div(x: mil.sub(x: x, y: parts[2]), y: deviation)
    return try mil.add(x: mil.mul(x: centred, y: parts[0]), y: parts[1])
  }

  /// A constant parameter in the dtype of the operand it belongs to.
  func cast(parameter name: String, to dtype: DType, _ node: NodeCall) throws -> Value {
    let value = try node.value(name)
    if try self.dtype(of: value) == dtype { return value }
    guard let data = try node.weight(name)?.materialized() else { throw node.notConstant(name) }
    return .constant(.numbers(try TensorData(data.doubles, as: dtype, shape: data.shape)))
  }
}
