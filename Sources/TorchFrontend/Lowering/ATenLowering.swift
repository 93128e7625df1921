// SPDX-License-Identifier: Apache-2.0
import MIL

/// How one operator of PyTorch is said in MIL.
package struct ATenLowering: Sendable {
  /// The overloads, spelled as in the export (`aten.softmax.int`).
  package let targets: [String]
  /// Whether a result may show the memory of the first operand.
  let aliases: Bool
  let lower: @Sendable (TorchCall, FunctionBuilder) throws -> [TorchValue]

  /// A lowering that gives values of its own.
  init(
    _ targets: String..., lower: @escaping @Sendable (TorchCall, FunctionBuilder) throws -> Value
  ) {
    self.init(targets: targets) { call, build in [try call.result(lower(call, build), build)] }
  }

  init(
    table targets: [String],
    lower: @escaping @Sendable (TorchCall, FunctionBuilder) throws -> Value
  ) {
    self.init(targets: targets) { call, build in [try call.result(lower(call, build), build)] }
  }

  /// A lowering with several results.
  static func several(
    _ targets: String...,
    lower: @escaping @Sendable (TorchCall, FunctionBuilder) throws -> [Value]
  ) -> ATenLowering {
    ATenLowering(targets: targets) { call, build in try call.results(lower(call, build), build) }
  }

  /// A lowering that gives a view of `self`.
  static func view(
    _ targets: String...,
    step: @escaping @Sendable (TorchCall, FunctionBuilder) throws -> ViewStep?
  ) -> ATenLowering {
    ATenLowering(targets: targets, aliases: true) { call, build in
      let source = try call.tensor(call.has("self") ? "self" : "input")
      guard let step = try step(call, build) else { return [.tensor(source)] }
      return [.tensor(source.viewed(step))]
    }
  }

  /// A lowering that decides itself what its results are.
  static func custom(
    _ targets: String..., aliases: Bool = false,
    lower: @escaping @Sendable (TorchCall, FunctionBuilder) throws -> [TorchValue]
  ) -> ATenLowering {
    ATenLowering(targets: targets, aliases: aliases, lower: lower)
  }

  init(
    targets: [String], aliases: Bool = false,
    lower: @escaping @Sendable (TorchCall, FunctionBuilder) throws -> [TorchValue]
  ) {
    self.targets = targets
    self.aliases = aliases
    self.lower = lower
  }

  /// Every lowering by overload.
  package static let table: [String: ATenLowering] = {
    var table: [String: ATenLowering] = [:]
    for lowering in all {
      for target in lowering.targets { table[target] = lowering }
    }
    return table
  }()
}
