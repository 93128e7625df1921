// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

/// Which operations of a function compute in float32 although the rest computes in float16.
///
/// - Those that the opset has in float32 only (recurrent layers before iOS 17).
/// - Those inside nested blocks: the branches and bodies of control flow.
/// - Sums of squares and what follows them up to the root (the variance of RMSNorm overflows
///   float16 from |x| = 256 on).
/// - Arithmetic on positions: floats made from integers, up to the functions that bound them
///   (an angle of 3000 radians has no fraction left in float16).
/// - Products and quotients with a constant that float16 cannot hold.
struct PrecisionPlan {
  private(set) var single: Set<String> = []
  private let function: Function
  private let catalogue: Catalogue
  private var sticky: Set<ValueID> = []
  private var uses: [ValueID: [Operation]] = [:]

  init(_ function: Function, _ catalogue: Catalogue) {
    self.function = function
    self.catalogue = catalogue
    for operation in function.body.operations {
      for operand in operation.operands { uses[operand, default: []].append(operation) }
    }
    for operation in function.body.operations { decide(operation) }
  }

  func isSingle(_ operation: Operation) -> Bool { single.contains(operation.name) }

  private mutating func decide(_ operation: Operation) {
    guard operation.type != "const" else { return }
    if !allowsHalf(operation) || !operation.blocks.isEmpty {
      single.insert(operation.name)
      return
    }
    if startsSingle(operation) || continuesSingle(operation) {
      single.insert(operation.name)
      if !Self.bounding.contains(operation.type) { sticky.formUnion(operation.outputs) }
    } else if hasUnrepresentableFactor(operation) {
      single.insert(operation.name)
      sticky.formUnion(operation.outputs)
    }
  }

  /// Whether every float operand may be float16 in this opset.
  private func allowsHalf(_ operation: Operation) -> Bool {
    guard let signature = catalogue[operation.type]?.signature(in: function.opset) else {
      return false
    }
    return signature.operands.allSatisfy { operand in
      guard operand.kind == .tensor, !operation.arguments(operand.name).isEmpty else { return true }
      if case .any = operand.types { return true }
      let dtypes = signature.dtypes(of: operand)
      return !dtypes.contains(.float32) || dtypes.contains(.float16)
    }
  }

  private func startsSingle(_ operation: Operation) -> Bool {
    switch operation.type {
    case "cast":
      // Positions and counts; a mask of booleans is 0 and 1 in any precision.
      guard let x = operation.argument("x")?.value, dtype(x) == .int32,
        let result = operation.outputs.first, dtype(result) == .float32
      else { return false }
      return !isBoolean(x)
    case "mul":
      return operation.argument("x")?.value == operation.argument("y")?.value && feedsSum(operation)
    case "square": return feedsSum(operation)
    case "pow":
      guard let y = operation.argument("y")?.value,
        let exponent = try? function.values[y].constant?.smallTensor()?.doubles.first
      else { return false }
      return exponent == 2 && feedsSum(operation)
    default: return false
    }
  }

  private func isBoolean(_ id: ValueID) -> Bool {
    function.body.operations.contains { operation in
      operation.outputs.first == id && operation.type == "cast"
        && operation.argument("x")?.value.map { dtype($0) == .bool } ?? false
    }
  }

  private func feedsSum(_ operation: Operation) -> Bool {
    let users = operation.outputs.flatMap { uses[$0] ?? [] }
    return !users.isEmpty && users.allSatisfy { ["reduce_mean", "reduce_sum"].contains($0.type) }
  }

  /// Goes on in float32 while every float operand that is computed already is.
  private func continuesSingle(_ operation: Operation) -> Bool {
    guard Self.following.contains(operation.type) else { return false }
    let computed = operation.operands.filter {
      dtype($0) == .float32 && function.values[$0].constant == nil
    }
    return !computed.isEmpty && computed.allSatisfy(sticky.contains)
  }

  private func hasUnrepresentableFactor(_ operation: Operation) -> Bool {
    guard ["mul", "real_div", "pow"].contains(operation.type) else { return false }
    return operation.operands.contains { id in
      guard let constant = function.values[id].constant, dtype(id) == .float32,
        let data = try? constant.smallTensor(limit: 65_536)
      else { return false }
      return data.floats.contains { !HalfPrecision.holds($0) }
    }
  }

  private func dtype(_ id: ValueID) -> DType? { function.values[id].type.tensor?.dtype }

  /// Operations whose result is small whatever their operand: float16 holds it.
  private static let bounding: Set<String> = ["sin", "cos", "tanh", "sigmoid", "softmax"]

  private static let following: Set<String> = [
    "add", "sub", "mul", "real_div", "pow", "sqrt", "rsqrt", "inverse", "square", "reduce_mean",
    "reduce_sum", "reduce_max", "reduce_min", "maximum", "minimum", "expand_dims", "squeeze",
    "reshape", "transpose", "concat", "split", "slice_by_index", "tile", "matmul", "linear", "sin",
    "cos",
    "exp", "log", "floor", "ceil", "round", "abs", "sign", "gather", "stack", "cumsum", "identity",
    "floor_div", "mod", "exp2",
  ]
}

/// What float16 can hold of a float32.
package enum HalfPrecision {
  /// The largest finite float16.
  package static let largest: Float = 65504
  /// The smallest positive float16.
  package static let smallest: Float = 0x1p-24
  /// Stands for "minus infinity, almost" in masks: far below every score, and far enough from the
  /// end of the range that adding a score to it does not overflow.
  package static let mask: Float = 40000
  /// From here on a finite constant that is chosen or added is meant as an infinity: masks are
  /// made of -1e6, -1e9 and float32's minimum.
  package static let sentinel: Float = 1e6
  /// The same for a factor, where large numbers are more often meant: `(1 - mask) * -1e9`.
  package static let sentinelFactor: Float = 1e8

  /// Whether `value` survives the way to float16 with its meaning as a factor.
  static func holds(_ value: Float) -> Bool {
    if value == 0 || !value.isFinite { return true }
    return value.magnitude <= largest && value.magnitude >= smallest
      || value.magnitude >= sentinelFactor
  }
}
