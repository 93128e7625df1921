// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL

/// Floats that a model computes from sizes (`x.shape[1] ** -0.5`): scalars of the program.
///
/// The export gives no expression for them as it does for integers.
extension GraphLowering {
  /// The result of arithmetic on sizes and floats; `nil` where `node` is something else.
  func symbolicFloat(_ node: TorchNode) throws -> TorchValue? {
    guard case .symFloat? = node.outputs.first, node.outputs.count == 1,
      !node.target.hasPrefix("aten.")
    else { return nil }
    let operands = try node.inputs.map { try scalar(resolve($0.argument), node) }
    let name = node.target.split(separator: ".").last.map(String.init) ?? ""
    let value: Value
    switch (name, operands.count) {
    case ("sym_float", 1): value = operands[0]
    case ("neg", 1): value = try build.mil.mul(x: operands[0], y: -1.0)
    case ("sqrt", 1), ("sym_sqrt", 1), ("_sym_sqrt", 1): value = try build.mil.sqrt(x: operands[0])
    case ("add", 2): value = try build.mil.add(x: operands[0], y: operands[1])
    case ("sub", 2): value = try build.mil.sub(x: operands[0], y: operands[1])
    case ("mul", 2): value = try build.mil.mul(x: operands[0], y: operands[1])
    case ("truediv", 2): value = try build.mil.real_div(x: operands[0], y: operands[1])
    case ("pow", 2): value = try build.mil.pow(x: operands[0], y: operands[1])
    default:
      throw Diagnostic.error(
        .unsupportedOperation, at: node.location, "'\(node.target)' of sizes is not supported",
        fix: "compute it with tensors, or export with fixed sizes")
    }
    return .tensor(TorchTensor(value, dtype: .float32))
  }

  private func scalar(_ value: TorchValue, _ node: TorchNode) throws -> Value {
    switch value {
    case .float(let number): return try build.scalarConstant(number, .float32)
    case .dim(let dim):
      guard let fixed = dim.fixed else { return try build.cast(build.scalar(dim), to: .float32) }
      return try build.scalarConstant(Double(fixed), .float32)
    case .tensor(let tensor): return try build.cast(tensor.value(build), to: .float32)
    default:
      throw Diagnostic.error(
        .unsupportedArgument, at: node.location, "an operand of '\(node.target)' is no number")
    }
  }
}
