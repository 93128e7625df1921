// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL

/// Recurrent layers step by step, for what the operations of MIL do not say: LSTMs with a
/// projection, and GRUs before iOS 18, which cannot reset after the product as PyTorch does.
extension RecurrentStack {
  /// The most steps that are written out.
  private static let limit = 512

  func unrolled(_ index: Int, _ x: Value, _ initial: [Value]) throws -> (Value, [Value]) {
    guard let count = try build.shape(of: x).first?.fixed, (1...Self.limit).contains(count) else {
      let what = hasProjection ? "an LSTM with a projection" : "a GRU before iOS18"
      throw Diagnostic.error(
        hasProjection ? .unsupportedArgument : .unsupportedByTarget, at: call.node.location,
        "\(what) is written out step by step, which needs a fixed length of at most \(Self.limit)",
        fix: hasProjection
          ? "export with a fixed length, or set proj_size to 0"
          : "use a target of iOS18 or later, or export with a fixed length")
    }
    let base = index * perDirection
    let inputs = try build.linear(
      x, weight: parameters[base], bias: hasBiases ? parameters[base + 2] : nil)
    var states = initial
    let steps = try (0..<count).map { step -> Value in
      let input = try ViewStep.select(axis: 0, index: .fixed(step)).apply(to: inputs, build)
      let hidden = try build.linear(
        states[0], weight: parameters[base + 1], bias: hasBiases ? parameters[base + 3] : nil)
      states = try next(input, hidden, states, index)
      return states[0]
    }
    return (try build.mil.stack(values: .many(steps), axis: 0), states)
  }

  private func next(
    _ input: Value, _ hidden: Value, _ states: [Value], _ index: Int
  ) throws -> [Value] {
    guard states.count == 2 else { return [try build.gruStep(input, hidden, states[0])] }
    var (output, cell) = try build.lstmStep(build.mil.add(x: input, y: hidden), states[1])
    if hasProjection {
      output = try build.linear(
        output, weight: parameters[(index + 1) * perDirection - 1], bias: nil)
    }
    return [output, cell]
  }
}
