// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension RecurrentNode {
  /// A GRU that resets what it makes of the state, step by step: Core ML's own resets the state
  /// itself before iOS 18. Gives every step, and the last state.
  func unrolledGRU(_ direction: Int) throws -> [Value] {
    let operands = Dictionary(
      try operands(direction).map { ($0.0, $0.1) }, uniquingKeysWith: { first, _ in first })
    guard let sequence = operands["x"] ?? nil, var state = operands["initial_h"] ?? nil,
      let input = operands["weight_ih"] ?? nil, let recurrent = operands["weight_hh"] ?? nil,
      let steps = try build.shape(of: sequence)[0].fixed, (1...512).contains(steps)
    else {
      throw node.fault(
        .unsupportedByTarget, "is a GRU over a sequence whose length is not fixed, or not 1 to 512",
        fix: "use a target of iOS18 or later")
    }
    // What the inputs contribute, for all steps at once.
    let inputs = try build.mil.linear(
      x: sequence, weight: input, bias: bias(direction, part: 0))
    var results: [Value] = []
    for step in 0..<steps {
      let slice = try build.slice(inputs, axis: 0, from: step, to: step + 1)
      let x = try parts(build.mil.squeeze(x: slice, axes: [0]))
      let h = try parts(
        build.mil.linear(x: state, weight: recurrent, bias: bias(direction, part: 1)))
      let reset = try gate(direction, 0, build.mil.add(x: x[0], y: h[0]))
      let update = try gate(direction, 0, build.mil.add(x: x[2], y: h[2]))
      let candidate = try gate(
        direction, 1, build.mil.add(x: x[1], y: build.mil.mul(x: reset, y: h[1])))
      let change = try build.mil.mul(x: update, y: build.mil.sub(x: state, y: candidate))
      state = try build.mil.add(x: candidate, y: change)
      results.append(state)
    }
    return [try build.mil.stack(values: .many(results), axis: 0), state]
  }

  private func parts(_ value: Value) throws -> [Value] {
    try build.emit("split", ["x": value, "num_splits": 3, "axis": -1])
  }

  private func gate(_ direction: Int, _ index: Int, _ x: Value) throws -> Value {
    guard case .string(let name) = try activation(direction, index) else { return x }
    return try build.emit(name, ["x": x])[0]
  }
}
