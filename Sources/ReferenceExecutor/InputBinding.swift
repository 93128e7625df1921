// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL

/// Holds given inputs against the declared ones and puts them into slots.
struct InputBinding {
  private let function: Function
  private var symbols: [String: (value: Int, input: String)] = [:]

  init(_ function: Function) {
    self.function = function
  }

  /// The function's inputs by slot. Throws a list of everything that does not fit.
  consuming func bind(_ inputs: [String: Tensor]) throws -> [Int: RuntimeValue] {
    var problems = DiagnosticCollector()
    var bound: [Int: RuntimeValue] = [:]
    var stateCount = 0
    for id in function.inputs {
      let info = function.values[id]
      switch info.type {
      case .state:
        bound[id.index] = .state(stateCount)
        stateCount += 1
      case .tensor(let type):
        guard var tensor = inputs[info.name] else {
          problems.report(.error(.usage, "input '\(info.name)' (\(type)) is missing"))
          continue
        }
        // Core ML has no scalar inputs: a number stands for a tensor of one element.
        if tensor.rank == 0, type.fixedShape == [1] { tensor = tensor.viewed([1]) }
        problems.catching(at: nil) { try check(tensor, info.name, type) }
        bound[id.index] = .tensor(tensor)
      default:
        problems.report(
          .error(.unsupportedType, "input '\(info.name)' is a \(info.type), not a tensor"))
      }
    }
    for name in inputs.keys.sorted() where !isInput(name) {
      let known = function.inputs.map { function.values[$0].name }.joined(separator: ", ")
      problems.report(.error(.usage, "no input is named '\(name)'", notes: ["inputs: \(known)"]))
    }
    try problems.throwIfErrors()
    return bound
  }

  private func isInput(_ name: String) -> Bool {
    function.inputs.contains {
      function.values[$0].name == name && function.values[$0].type.state == nil
    }
  }

  private mutating func check(_ tensor: Tensor, _ name: String, _ type: TensorType) throws {
    guard tensor.dtype == type.dtype else {
      throw Diagnostic.error(
        .typeMismatch,
        "input '\(name)' is \(tensor.dtype.rawValue) but the model takes \(type.dtype.rawValue)")
    }
    guard tensor.rank == type.rank else {
      throw Diagnostic.error(
        .shapeMismatch,
        "input '\(name)' has shape \(tensor.shape) but the model takes \(type) of rank \(type.rank)"
      )
    }
    for (axis, dim) in type.shape.enumerated() {
      try check(tensor.shape[axis], dim, Extent(input: name, axis: axis, shape: tensor.shape))
    }
  }

  private struct Extent {
    var input: String
    var axis: Int
    var shape: [Int]
  }

  private mutating func check(_ extent: Int, _ dim: Dim, _ place: Extent) throws {
    if let symbol = dim.symbol, symbols[symbol] == nil {
      symbols[symbol] = (extent, place.input)
      return try check(extent, of: symbol, place)
    }
    guard let expected = dim.evaluated({ symbols[$0]?.value }), expected != extent else { return }
    var notes: [String] = []
    if !dim.isFixed {
      notes = dim.symbols.sorted().compactMap { name in
        symbols[name].map { "'\(name)' is \($0.value) in input '\($0.input)'" }
      }
    }
    throw Diagnostic.error(
      .shapeMismatch,
      "input '\(place.input)' has shape \(place.shape): axis \(place.axis) must be "
        + (dim.isFixed ? "\(expected)" : "\(dim) = \(expected)") + ", not \(extent)", notes: notes)
  }

  private func check(_ extent: Int, of symbol: String, _ place: Extent) throws {
    guard let entry = function.symbols[symbol] else { return }
    let within = extent >= entry.lower && extent <= entry.upper ?? .max
    if within && entry.allowed?.contains(extent) ?? true { return }
    let allowed =
      entry.allowed.map { "one of \($0)" }
      ?? "in \(entry.lower)...\(entry.upper.map(String.init) ?? "")"
    throw Diagnostic.error(
      .shapeMismatch,
      "input '\(place.input)' has shape \(place.shape): axis \(place.axis) must be \(allowed), "
        + "not \(extent)")
  }
}
