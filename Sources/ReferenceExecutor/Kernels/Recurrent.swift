// SPDX-License-Identifier: Apache-2.0
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Kernel {
  /// Recurrent layers, in float32 within the sequence: only results are rounded to their dtype.
  ///
  /// `direction` reverse reads the sequence backwards and writes its steps in the order it took
  /// them; the backward half of a bidirectional layer writes each step at its own place.
  static let recurrent: [Kernel] = [
    Kernel(
      "rnn",
      several: { call in
        let layer = try RecurrentLayer(call, gates: 1)
        let activation = try Activation(call, "activation", default: "tanh")
        return try layer.run(["initial_h"]) { step in
          for i in 0..<step.size { step.h[i] = activation(step.x[i] + step.recurrent[i]) }
        }
      }),
    Kernel(
      "gru",
      several: { call in
        let gate = try Activation(call, "recurrent_activation", default: "sigmoid")
        let activation = try Activation(call, "activation", default: "tanh")
        let resetAfter = try call.bool("reset_after", default: false)
        let layer = try RecurrentLayer(call, gates: 3, biasIsRecurrent: resetAfter)
        return try layer.run(["initial_h"]) { step in
          let n = step.size
          let reset = (0..<n).map { gate(step.x[$0] + step.recurrent[$0]) }
          // The candidate sees the reset state, or resets what it makes of the state.
          let candidate =
            resetAfter ? nil : layer.candidate((0..<n).map { reset[$0] * step.h[$0] }, n)
          for i in 0..<n {
            let update = gate(step.x[2 * n + i] + step.recurrent[2 * n + i])
            let state = candidate?[i] ?? reset[i] * step.recurrent[n + i]
            let output = activation(step.x[n + i] + state)
            step.h[i] = (1 - update) * output + update * step.h[i]
          }
        }
      }),
    Kernel(
      "lstm",
      several: { call in
        switch try call.string("direction", default: "forward") {
        case "bidirectional": return try bidirectional(call)
        default:
          let results = try RecurrentLayer(call, gates: 4).run(
            ["initial_h", "initial_c"], lstm(call))
          return results
        }
      }),
  ]

  /// One LSTM step, gates in the order input, forget, output, cell.
  private static func lstm(
    _ call: KernelCall, suffix: String = ""
  ) throws -> (RecurrentLayer.Step) -> Void {
    let gate = try Activation(call, "recurrent_activation", default: "sigmoid")
    let cell = try Activation(call, "cell_activation", default: "tanh")
    let activation = try Activation(call, "activation", default: "tanh")
    let clip = call.has("clip") ? try call.float("clip") : .infinity
    let name = "peephole" + suffix
    let peephole = call.has(name) ? Array(try call.floatTensor(name).floats) : nil
    let hidden = try call.tensor("weight_hh" + suffix).shape.last ?? 0
    guard peephole == nil || peephole?.count == 3 * hidden else {
      throw call.fault("'\(name)' must have \(3 * hidden) elements")
    }
    return { step in
      let n = step.size
      for i in 0..<n {
        let old = step.c[i]
        let z = { (k: Int) in step.x[k * n + i] + step.recurrent[k * n + i] }
        let input = gate(z(0) + (peephole?[i] ?? 0) * old)
        let forget = gate(z(1) + (peephole?[n + i] ?? 0) * old)
        let new = min(max(forget * old + input * cell(z(3)), -clip), clip)
        let output = gate(z(2) + (peephole?[2 * n + i] ?? 0) * new)
        step.c[i] = new
        step.h[i] = output * activation(new)
      }
    }
  }

  private static func bidirectional(_ call: KernelCall) throws -> [Tensor] {
    let initial = ["initial_h", "initial_c"]
    let forward = try RecurrentLayer(call, gates: 4, half: 0).run(initial, lstm(call))
    let backward = try RecurrentLayer(call, gates: 4, half: 1)
      .run(initial, lstm(call, suffix: "_back"))
    return try Swift.zip(forward, backward).map { a, b in
      try call.joined(a, b)
    }
  }
}

/// The activations of recurrent layers.
private struct Activation {
  private let apply: @Sendable (Float) -> Float

  init(_ call: KernelCall, _ name: String, default value: String) throws {
    switch try call.string(name, default: value) {
    case "sigmoid": apply = { Kernel.sigmoid($0) }
    case "tanh": apply = { tanhf($0) }
    case "relu": apply = { $0 < 0 ? 0 : $0 }
    case "linear": apply = { $0 }
    case "hard_sigmoid", "sigmoid_hard": apply = { Kernel.hardSigmoid($0, 0.2, 0.5) }
    case "scaled_tanh": apply = { 1.7159 * tanhf(2 / 3 * $0) }
    case let other: throw call.fault("no activation '\(other)'", .unsupportedArgument)
    }
  }

  func callAsFunction(_ x: Float) -> Float { apply(x) }
}

/// One direction of a recurrent layer: products with the weights, and the walk over the sequence.
struct RecurrentLayer {
  /// One sequence's row at one time.
  struct Step {
    /// Hidden size.
    let size: Int
    /// `weight_ih * x + bias`, all gates.
    let x: UnsafeMutablePointer<Float>
    /// `weight_hh * h`, all gates.
    let recurrent: UnsafeMutablePointer<Float>
    let h: UnsafeMutablePointer<Float>
    let c: UnsafeMutablePointer<Float>
  }

  private let call: KernelCall
  private let x: Tensor
  private let inputWeight: Tensor
  private let weight: Tensor
  private let hidden: Int
  private let gates: Int
  private let half: Int?
  private let suffix: String
  /// Added to `weight_hh * h` instead of `weight_ih * x`.
  private let recurrentBias: Tensor?
  private let inputBias: Tensor?

  /// - Parameter half: which half of the states a bidirectional layer's direction has.
  init(_ call: KernelCall, gates: Int, half: Int? = nil, biasIsRecurrent: Bool = false) throws {
    self.call = call
    self.gates = gates
    self.half = half
    suffix = half == 1 ? "_back" : ""
    x = try call.floatTensor("x")
    inputWeight = try call.floatTensor("weight_ih" + suffix)
    weight = try call.floatTensor("weight_hh" + suffix)
    hidden = weight.shape.last ?? 0
    guard x.rank == 3, weight.shape == [gates * hidden, hidden],
      inputWeight.shape == [gates * hidden, x.shape[2]], hidden > 0
    else {
      throw call.fault(
        "weights \(inputWeight.shape) and \(weight.shape) do not fit x of shape \(x.shape)")
    }
    let bias = try call.optionalTensor("bias" + suffix)
    recurrentBias = biasIsRecurrent ? bias : nil
    inputBias = biasIsRecurrent ? try call.optionalTensor("input_bias") : bias
    if !biasIsRecurrent && call.has("input_bias") {
      throw call.fault("'input_bias' needs 'reset_after'", .unsupportedArgument)
    }
  }

  /// Walks over the sequence. Gives the hidden states, the last hidden state, and for two states
  /// the last cell state.
  func run(_ states: [String], _ body: (Step) throws -> Void) throws -> [Tensor] {
    let (length, batch) = (x.shape[0], x.shape[1])
    let inputs = try call.product(
      of: x.viewed([length * batch, x.shape[2]]), false, inputWeight, true)
    if let inputBias { try call.add(inputBias, toRowsOf: inputs) }
    let current = try states.map { try initial($0, batch) }
    let keepsAll = try call.bool("output_sequence", default: false)
    let y = try call.make(x.dtype, [keepsAll ? length : 1, batch, hidden])
    guard let h = current[0].floats.baseAddress,
      let c = current[current.count - 1].floats.baseAddress,
      let rows = inputs.floats.baseAddress, let target = y.floats.baseAddress
    else { return [] }
    guard keepsAll || length > 0 else { throw call.fault("the sequence is empty") }
    let backwards = try half == 1 || call.string("direction", default: "forward") == "reverse"
    for k in 0..<length {
      let time = backwards ? length - 1 - k : k
      let recurrent = try call.product(of: current[0], false, weight, true)
      if let recurrentBias { try call.add(recurrentBias, toRowsOf: recurrent) }
      guard let products = recurrent.floats.baseAddress else { continue }
      for b in 0..<batch {
        try body(
          Step(
            size: hidden, x: rows + (time * batch + b) * gates * hidden,
            recurrent: products + b * gates * hidden, h: h + b * hidden, c: c + b * hidden))
      }
      let place = keepsAll ? (half == 1 ? time : k) : 0
      (target + place * batch * hidden).update(from: h, count: batch * hidden)
    }
    return [y] + current
  }

  /// `weight_hh` of the middle gate times a vector.
  func candidate(_ state: [Float], _ n: Int) -> [Float] {
    (0..<n).map { row in
      let start = (n + row) * n
      return Float(
        (0..<n).reduce(0.0) { $0 + Double(weight.floats[start + $1]) * Double(state[$1]) })
    }
  }

  /// A copy of this direction's part of an initial state, `[batch, hidden]`.
  private func initial(_ name: String, _ batch: Int) throws -> Tensor {
    let given = try call.floatTensor(name)
    let width = half == nil ? hidden : 2 * hidden
    guard given.count == batch * width, given.shape.last == width else {
      throw call.fault("'\(name)' has shape \(given.shape), not [\(batch), \(width)]")
    }
    let copy = try call.make(given.dtype, [batch, hidden])
    try call.copy(
      [batch, hidden], from: given, at: (half ?? 0) * hidden, steps: [width, 1], to: copy,
      steps: [hidden, 1])
    return copy
  }
}

extension KernelCall {
  /// Two tensors side by side along the last axis.
  fileprivate func joined(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    let width = a.shape[a.rank - 1]
    let y = try make(a.dtype, a.shape.dropLast() + [2 * width])
    let rows = a.count / max(width, 1)
    for (part, tensor) in [a, b].enumerated() {
      try copy(
        [rows, width], from: tensor, steps: [width, 1], to: y, offset: part * width,
        steps: [2 * width, 1])
    }
    return y
  }
}
