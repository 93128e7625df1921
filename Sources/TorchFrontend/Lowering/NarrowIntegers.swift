// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

/// Integers of 8 and 16 bits, which are int32 here: what leaves their range comes back at its
/// other end.
extension TorchCall {
  private static let leaving: Set<String> = [
    "add", "sub", "subtract", "rsub", "mul", "multiply", "neg", "negative", "square", "pow",
    "__lshift__", "bitwise_left_shift", "bitwise_not", "abs",
  ]
  private static let casting: Set<String> = ["to", "_to_copy", "type_as", "copy"]

  /// Whether a cast to `dtype` may change an integer.
  func narrows(to dtype: DType) -> Bool {
    let source = operandMetas[node.operatorName.hasPrefix("copy") ? "src" : "self"]?.dtype
    guard let source, source.isInteger, dtype.isNarrow else { return false }
    return source != dtype
  }

  /// `value` of int32, brought into the range of `dtype` where the operator may have left it.
  func wrapped(_ value: Value, to dtype: DType, _ build: FunctionBuilder) throws -> Value {
    guard dtype.isNarrow else { return value }
    let name =
      node.functionalTarget == nil ? node.operatorName : String(node.operatorName.dropLast())
    guard Self.leaving.contains(name) || (Self.casting.contains(name) && narrows(to: dtype)) else {
      return value
    }
    let range = 1 << dtype.bitWidth
    if dtype == .uint8 || dtype == .uint16 {
      return try build.mil.mod(x: value, y: .int(range))
    }
    let shifted = try build.mil.add(x: value, y: .int(range / 2))
    return try build.mil.sub(x: build.mil.mod(x: shifted, y: .int(range)), y: .int(range / 2))
  }
}

extension DType {
  fileprivate var isNarrow: Bool { [.int8, .uint8, .int16, .uint16].contains(self) }
}
