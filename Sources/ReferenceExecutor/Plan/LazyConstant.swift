// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Synchronization
import Tensors

/// A value that does not depend on the inputs, computed when it is first needed and then kept.
final class LazyConstant: Sendable {
  enum Recipe: Sendable {
    case payload(Constant)
    /// A result of an operation over constants.
    case result(LazyOperation, index: Int)
  }

  let recipe: Recipe
  /// How many operations lie between this and payloads.
  let depth: Int
  private let cache = Mutex<RuntimeValue>(.none)

  init(_ recipe: Recipe) {
    self.recipe = recipe
    switch recipe {
    case .payload: depth = 0
    case .result(let operation, _): depth = operation.depth
    }
  }

  /// The value, kept from now on.
  func value(_ context: FoldingContext) throws -> RuntimeValue {
    try cache.withLock { cached in
      if case .none = cached { cached = try compute(context.fresh()) }
      return cached
    }
  }

  /// The value for use by another constant: not kept beyond `context`.
  fileprivate func transientValue(_ context: FoldingContext) throws -> RuntimeValue {
    let known = cache.withLock { $0 }
    if case .none = known { return try compute(context) }
    return known
  }

  private func compute(_ context: FoldingContext) throws -> RuntimeValue {
    switch recipe {
    case .payload(let constant): return try constant.runtimeValue()
    case .result(let operation, let index):
      let results = try operation.results(context)
      guard index < results.count else {
        throw Diagnostic.error(
          .invalidProgram, at: operation.operation.place,
          "\(operation.operation.type): has \(results.count) results, not \(index + 1)")
      }
      return results[index]
    }
  }
}

/// An operation whose operands are all constant.
final class LazyOperation: Sendable {
  /// Longer chains of constant operations run with the program instead.
  static let depthLimit = 64

  let operation: Operation
  let kernel: Kernel
  let operands: [(name: String, constants: [LazyConstant])]
  let depth: Int

  init(
    _ operation: Operation, _ kernel: Kernel,
    _ operands: [(name: String, constants: [LazyConstant])]
  ) {
    self.operation = operation
    self.kernel = kernel
    self.operands = operands
    depth = 1 + (operands.flatMap(\.constants).map(\.depth).max() ?? 0)
  }

  fileprivate func results(_ context: FoldingContext) throws -> [RuntimeValue] {
    let key = ObjectIdentifier(self)
    if let known = context.memo[key] { return known }
    let arguments = try operands.map { name, constants in
      (
        name: name,
        arguments: try constants.map {
          KernelCall.Argument(value: try $0.transientValue(context))
        }
      )
    }
    let call = KernelCall(
      operation.type, at: operation.place, opset: context.opset, dense: context.dense,
      operands: arguments)
    let results = try kernel.run(call)
    context.memo[key] = results
    return results
  }
}

/// What evaluating constants needs, and the intermediate results of one evaluation.
final class FoldingContext {
  let opset: Opset
  let dense: any DenseBackend
  fileprivate var memo: [ObjectIdentifier: [RuntimeValue]] = [:]

  init(opset: Opset, dense: any DenseBackend) {
    self.opset = opset
    self.dense = dense
  }

  /// The same without intermediate results, which live no longer than one constant's evaluation.
  func fresh() -> FoldingContext { FoldingContext(opset: opset, dense: dense) }
}

extension Constant {
  /// The decoded value.
  func runtimeValue() throws -> RuntimeValue {
    switch payload {
    case .tensor(let data): return .tensor(try Tensor(data))
    case .weights(let source): return .tensor(try Tensor(source.materialized()))
    case .strings(let strings, let shape):
      return .tensor(try Tensor(strings: strings, shape: shape))
    case .list(let items):
      let tensors = try items.map { try $0.runtimeValue().tensor }
      return .list(
        TensorList(
          shape: tensors.first??.shape ?? [], dtype: tensors.first??.dtype ?? .int32,
          items: tensors, grows: false))
    case .tuple, .dictionary:
      throw Diagnostic.error(
        .unsupportedType, "a constant of type \(type) has no meaning while a program runs")
    }
  }
}
