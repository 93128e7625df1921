// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// `nn.LSTM`, `nn.GRU` and `nn.RNN`: layers and directions of one recurrent operation of MIL each.
struct RecurrentStack {
  enum Kind {
    case lstm, gru
    case rnn(String)
  }

  let call: TorchCall
  let build: FunctionBuilder
  let parameters: [Value]
  /// How many parameters a layer has per direction.
  let perDirection: Int
  let hasBiases: Bool
  let hasProjection: Bool
  private let kind: Kind
  private let directions: Int
  private let layers: Int

  init(_ call: TorchCall, _ build: FunctionBuilder, _ kind: Kind) throws {
    self.call = call
    self.build = build
    self.kind = kind
    parameters = try call.tensors("params").map { try build.cast($0.value(build), to: .float32) }
    hasBiases = try call.bool("has_biases")
    layers = try call.int("num_layers")
    directions = try call.bool("bidirectional") ? 2 : 1
    // Each layer has parameters, which also bounds the product below.
    guard layers > 0, layers <= parameters.count else {
      throw call.fault("has \(parameters.count) parameters for \(layers) layers")
    }
    perDirection = parameters.count / (layers * directions)
    hasProjection = perDirection == (hasBiases ? 5 : 3)
    guard hasProjection || perDirection == (hasBiases ? 4 : 2) else {
      throw call.fault("has \(parameters.count) parameters for \(layers) layers")
    }
  }

  /// The sequence of the last layer, then the final states.
  func run() throws -> [Value] {
    var x = try call.floatValue("input")
    let isBatchFirst = try call.bool("batch_first", default: false)
    let isUnbatched = try build.rank(of: x) == 2
    if isUnbatched { x = try build.mil.expand_dims(x: x, axes: [1]) }
    if isBatchFirst, !isUnbatched { x = try build.mil.transpose(x: x, perm: [1, 0, 2]) }
    var initial = try initialStates()
    if isUnbatched { initial = try initial.map { try build.mil.expand_dims(x: $0, axes: [1]) } }
    var finals: [[Value]] = initial.map { _ in [] }
    for layer in 0..<layers {
      let (sequence, states) = try run(layer, x, initial)
      x = sequence
      for (k, state) in states.enumerated() { finals[k] += state }
    }
    if isBatchFirst, !isUnbatched { x = try build.mil.transpose(x: x, perm: [1, 0, 2]) }
    if isUnbatched { x = try build.mil.squeeze(x: x, axes: [1]) }
    return try [x]
      + finals.map { states in
        let stacked = try build.mil.stack(values: .many(states), axis: 0)
        return isUnbatched ? try build.mil.squeeze(x: stacked, axes: [1]) : stacked
      }
  }

  private func initialStates() throws -> [Value] {
    if case .lstm = kind {
      let states = try call.values("hx")
      guard states.count == 2 else { throw call.fault("has \(states.count) initial states, not 2") }
      return states
    }
    return [try call.value("hx")]
  }

  /// One layer, both directions: its sequence and, per state, the final value of each direction.
  private func run(_ layer: Int, _ x: Value, _ initial: [Value]) throws -> (Value, [[Value]]) {
    if case .lstm = kind, directions == 2, !hasProjection {
      return try bidirectional(layer, x, initial)
    }
    var sequences: [Value] = []
    var states: [[Value]] = initial.map { _ in [] }
    for direction in 0..<directions {
      let index = layer * directions + direction
      let start = try initial.map {
        try ViewStep.select(axis: 0, index: .fixed(index)).apply(to: $0, build)
      }
      // A layer that reads backward is a forward one between two reversals: what MIL's own
      // `reverse` direction means for the order of its results is not documented.
      let line = direction == 1 ? try build.mil.reverse(x: x, axes: [0]) : x
      let (sequence, final) = try single(index, line, start)
      sequences.append(direction == 1 ? try build.mil.reverse(x: sequence, axes: [0]) : sequence)
      for (k, value) in final.enumerated() { states[k].append(value) }
    }
    if sequences.count == 1 { return (sequences[0], states) }
    return (try build.mil.concat(values: .many(sequences), axis: 2), states)
  }

  private func single(
    _ index: Int, _ x: Value, _ initial: [Value]
  ) throws -> (Value, [Value]) {
    let direction: Value = "forward"
    if isUnrolled { return try unrolled(index, x, initial) }
    if case .gru = kind { return try gru(index, x, initial[0], direction) }
    let weights = try weights(index)
    switch kind {
    case .lstm:
      let y = try build.emit(
        "lstm",
        [
          "x": x, "initial_h": initial[0], "initial_c": initial[1], "weight_ih": weights.input,
          "weight_hh": weights.hidden, "bias": weights.bias, "direction": direction,
          "output_sequence": true,
        ])
      return (y[0], [y[1], y[2]])
    case .rnn(let activation):
      let y = try build.emit(
        "rnn",
        [
          "x": x, "initial_h": initial[0], "weight_ih": weights.input,
          "weight_hh": weights.hidden, "bias": weights.bias, "direction": direction,
          "output_sequence": true, "activation": .string(activation),
        ])
      return (y[0], [y[1]])
    case .gru: return try gru(index, x, initial[0], direction)
    }
  }

  private var isUnrolled: Bool {
    if case .gru = kind { return build.opset < .iOS18 }
    return hasProjection
  }

  private func bidirectional(
    _ layer: Int, _ x: Value, _ initial: [Value]
  ) throws -> (Value, [[Value]]) {
    let forward = try weights(2 * layer)
    let backward = try weights(2 * layer + 1)
    let start = try initial.map { state in
      let pair = try (0..<2).map {
        try ViewStep.select(axis: 0, index: .fixed(2 * layer + $0)).apply(to: state, build)
      }
      return try build.mil.concat(values: .many(pair), axis: 1)
    }
    let y = try build.emit(
      "lstm",
      [
        "x": x, "initial_h": start[0], "initial_c": start[1], "weight_ih": forward.input,
        "weight_hh": forward.hidden, "bias": forward.bias, "weight_ih_back": backward.input,
        "weight_hh_back": backward.hidden, "bias_back": backward.bias,
        "direction": "bidirectional", "output_sequence": true,
      ])
    let finals = try y[1...].map { state in
      try build.emit("split", ["x": state, "num_splits": 2, "axis": 1])
    }
    return (y[0], finals)
  }

  /// Gate order: PyTorch i, f, g, o (LSTM) and r, z, n (GRU); MIL i, f, o, g and r, n, z.
  private func weights(_ index: Int) throws -> (input: Value, hidden: Value, bias: Value?) {
    let base = index * perDirection
    let input = try reordered(parameters[base])
    let hidden = try reordered(parameters[base + 1])
    guard hasBiases else { return (input, hidden, nil) }
    let bias = try zip(data(base + 2).floats, data(base + 3).floats).map { $0 + $1 }
    return (input, hidden, try reordered(.constant(.numbers(TensorData(float32: bias)))))
  }

  private func data(_ index: Int) throws -> TensorData {
    guard let data = try build.constant(of: parameters[index])?.tensorData() else {
      throw call.fault("the weights of a recurrent layer must be constants")
    }
    return data
  }

  /// The gates' blocks of rows in MIL's order.
  private func reordered(_ value: Value) throws -> Value {
    let order: [Int]
    switch kind {
    case .lstm: order = [0, 1, 3, 2]
    case .gru: order = [0, 2, 1]
    case .rnn: return value
    }
    guard let source = build.constant(of: value)?.source, let rows = source.shape.first,
      rows % order.count == 0
    else { throw call.fault("the weights of a recurrent layer must be constants") }
    let data = try source.materialized()
    let block = data.bytes.count / order.count
    let bytes = order.flatMap { data.bytes[($0 * block)..<(($0 + 1) * block)] }
    return .constant(.numbers(try TensorData(dtype: data.dtype, shape: data.shape, bytes: bytes)))
  }

  private func gru(
    _ index: Int, _ x: Value, _ initial: Value, _ direction: Value
  ) throws -> (Value, [Value]) {
    let base = index * perDirection
    var inputs: [(String, Value?)] = [
      ("x", x), ("initial_h", initial), ("weight_ih", try reordered(parameters[base])),
      ("weight_hh", try reordered(parameters[base + 1])), ("direction", direction),
      ("output_sequence", true), ("reset_after", true),
    ]
    if hasBiases {
      inputs += [
        ("input_bias", try reordered(parameters[base + 2])),
        ("bias", try reordered(parameters[base + 3])),
      ]
    }
    let y = try build.emit("gru", inputs: inputs)
    return (y[0], [y[1]])
  }
}
