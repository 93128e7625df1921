// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ONNXLowering {
  /// Recurrent layers. ONNX orders the gates of an LSTM input, output, forget, cell and those of a
  /// GRU update, reset, candidate; MIL input, forget, output, cell and reset, candidate, update.
  static let recurrent: [ONNXLowering] = [
    .several("RNN", since: 7, "X W R B? sequence_lens? initial_h?", attributes: attributes) {
      node, build in
      try RecurrentNode(node, build, gates: [0], activations: ["Tanh"]).run { layer, direction in
        try build.emit(
          "rnn",
          inputs: layer.operands(direction) + [
            ("bias", try layer.bias(direction)), ("output_sequence", true),
            ("activation", try layer.activation(direction, 0)),
          ])
      }
    },
    .several(
      "GRU", since: 7, "X W R B? sequence_lens? initial_h?",
      attributes: attributes + " linear_before_reset"
    ) { node, build in
      let after = try node.flag("linear_before_reset")
      return try RecurrentNode(
        node, build, gates: [1, 2, 0], activations: ["Sigmoid", "Tanh"]
      ).run { layer, direction in
        if after, build.opset < .iOS18 { return try layer.unrolledGRU(direction) }
        let biases =
          after
          ? [
            ("reset_after", Value.bool(true)), ("bias", try layer.bias(direction, part: 1)),
            ("input_bias", try layer.bias(direction, part: 0)),
          ] : [("bias", try layer.bias(direction))]
        return try build.emit(
          "gru",
          inputs: layer.operands(direction) + biases + [
            ("output_sequence", true),
            ("recurrent_activation", try layer.activation(direction, 0)),
            ("activation", try layer.activation(direction, 1)),
          ])
      }
    },
    .several(
      "LSTM", since: 7, "X W R B? sequence_lens? initial_h? initial_c? P?",
      attributes: attributes + " input_forget"
    ) { node, build in
      try node.require("input_forget", 0)
      return try RecurrentNode(
        node, build, gates: [0, 2, 1, 3], activations: ["Sigmoid", "Tanh", "Tanh"],
        states: ["initial_h", "initial_c"]
      ).run { layer, direction in
        try build.emit(
          "lstm",
          inputs: layer.operands(direction) + [
            ("bias", try layer.bias(direction)), ("peephole", try layer.peephole(direction)),
            ("output_sequence", true),
            ("recurrent_activation", try layer.activation(direction, 0)),
            ("cell_activation", try layer.activation(direction, 1)),
            ("activation", try layer.activation(direction, 2)),
            ("clip", try node.optionalFloat("clip").map { .float($0) }),
          ])
      }
    },
  ]

  private static let attributes =
    "activation_alpha activation_beta activations clip direction hidden_size layout"
}

/// One recurrent node: its weights in the order of MIL, direction by direction.
struct RecurrentNode {
  let node: NodeCall
  let build: FunctionBuilder
  /// The gates of ONNX in the order of MIL.
  private let gates: [Int]
  private let defaults: [String]
  private let states: [String]
  let hidden: Int
  private let directions: [Bool]
  private let isBatchFirst: Bool
  /// The sequence, `[steps, batch, features]`.
  private let x: Value
  private let dtype: DType

  init(
    _ node: NodeCall, _ build: FunctionBuilder, gates: [Int], activations: [String],
    states: [String] = ["initial_h"]
  ) throws {
    self.node = node
    self.build = build
    self.gates = gates
    self.states = states
    defaults = activations
    isBatchFirst = try node.flag("layout")
    let input = try node.value("X")
    x = isBatchFirst ? try build.transpose(input, [1, 0, 2]) : input
    dtype = try build.dtype(of: x)
    let direction = try node.choice(
      "direction", ["forward", "reverse", "bidirectional"], default: "forward")
    directions = direction == "bidirectional" ? [false, true] : [direction == "reverse"]
    guard let weight = try node.weight("R"), weight.rank == 3 else {
      throw node.notConstant("R")
    }
    hidden = weight.shape[2]
    guard weight.shape == [directions.count, gates.count * hidden, hidden],
      try node.optionalInt("hidden_size") ?? hidden == hidden
    else {
      throw node.fault(
        .malformed, "input 'R' has shape \(weight.shape), which does not fit the hidden size")
    }
    try checkArguments()
  }

  private func checkArguments() throws {
    for name in ["activation_alpha", "activation_beta"] where node.has(attribute: name) {
      throw node.fault(.unsupportedArgument, "attribute '\(name)' is not supported")
    }
    if gates.count != 4, try node.optionalFloat("clip") ?? 0 != 0 {
      throw node.fault(.unsupportedArgument, "attribute 'clip' is not supported")
    }
    guard node.has("sequence_lens") else { return }
    let steps = try build.shape(of: x)[0].fixed
    guard let lengths = try node.known("sequence_lens")?.ints, lengths.allSatisfy({ $0 == steps })
    else {
      throw node.fault(
        .unsupportedArgument, "input 'sequence_lens' is not the length of every sequence",
        fix: "export the model without packed sequences")
    }
  }

  /// Runs every direction and joins the results: all steps, and the last states.
  func run(_ cell: (RecurrentNode, Int) throws -> [Value]) throws -> [Value] {
    var steps: [Value] = []
    var finals = [[Value]](repeating: [], count: states.count)
    for (index, isReverse) in directions.enumerated() {
      var results = try cell(self, index)
      if isReverse { results[0] = try build.mil.reverse(x: results[0], axes: [0]) }
      // An axis for the directions.
      let axis = isBatchFirst ? 2 : 1
      let y = isBatchFirst ? try build.transpose(results[0], [1, 0, 2]) : results[0]
      steps.append(try build.mil.expand_dims(x: y, axes: .ints([axis])))
      for (state, value) in results.dropFirst().enumerated() {
        finals[state].append(
          try build.mil.expand_dims(x: value, axes: .ints([isBatchFirst ? 1 : 0])))
      }
    }
    let y = try joined(steps, axis: isBatchFirst ? 2 : 1)
    return try [y] + finals.map { try joined($0, axis: isBatchFirst ? 1 : 0) }
  }

  private func joined(_ values: [Value], axis: Int) throws -> Value {
    if values.count == 1 { return values[0] }
    return try build.mil.concat(values: .many(values), axis: .int(axis))
  }

  func operands(_ direction: Int) throws -> [(String, Value?)] {
    let sequence = directions[direction] ? try build.mil.reverse(x: x, axes: [0]) : x
    return try [("x", sequence)] + states.map { ($0, try initial($0, direction)) } + [
      ("weight_ih", try matrix("W", direction)), ("weight_hh", try matrix("R", direction)),
    ]
  }

  private func initial(_ name: String, _ direction: Int) throws -> Value {
    guard let state = try node.optional(name) else {
      return try build.fill([build.shape(of: x)[1], .fixed(hidden)], 0, dtype)
    }
    let axis = isBatchFirst ? 1 : 0
    let part = try build.slice(state, axis: axis, from: direction, to: direction + 1)
    return try build.mil.squeeze(x: part, axes: .ints([axis]))
  }

  /// The rows of a weight, gate by gate in the order of MIL.
  private func matrix(_ name: String, _ direction: Int) throws -> Value {
    guard let weight = try node.weight(name), weight.rank == 3,
      weight.shape[0] == directions.count, weight.shape[1] == gates.count * hidden
    else { throw node.notConstant(name) }
    let part = try WeightView.slice(
      weight, starts: [direction, 0, 0], shape: [1] + weight.shape.dropFirst(), steps: [1, 1, 1])
    let data = try part.materialized()
    let rows = try reordered(data, width: weight.shape[2])
    return try node.placed(
      MemorySource(rows.reshaped([gates.count * hidden, weight.shape[2]])), as: name)
  }

  private func reordered(_ data: TensorData, width: Int) throws -> TensorData {
    let size = hidden * width * data.dtype.bitWidth / 8
    guard data.bytes.count == size * gates.count else {
      throw node.fault(.malformed, "a weight does not fit the hidden size \(hidden)")
    }
    let bytes = gates.flatMap { data.bytes[($0 * size)..<(($0 + 1) * size)] }
    return try TensorData(dtype: data.dtype, shape: [data.count], bytes: bytes)
  }

  /// The two biases of ONNX added; with `part`, that of the input (0) or of the state (1).
  func bias(_ direction: Int, part: Int? = nil) throws -> Value? {
    guard node.has("B") else { return nil }
    let count = gates.count * hidden
    guard let weight = try node.weight("B"), weight.shape == [directions.count, 2 * count] else {
      throw node.notConstant("B")
    }
    let all = try weight.materialized().doubles[(direction * 2 * count)...]
    let parts = [Array(all.prefix(count)), Array(all.dropFirst(count).prefix(count))]
    let chosen = part.map { parts[$0] } ?? zip(parts[0], parts[1]).map { $0 + $1 }
    let data = try reordered(TensorData(chosen, as: dtype), width: 1)
    return .constant(.numbers(data))
  }

  /// Weights of the cell state in its gates: input, forget, output.
  func peephole(_ direction: Int) throws -> Value? {
    guard node.has("P") else { return nil }
    guard let weight = try node.weight("P"), weight.shape == [directions.count, 3 * hidden] else {
      throw node.notConstant("P")
    }
    let all = try weight.materialized().doubles[(direction * 3 * hidden)...].prefix(3 * hidden)
    let parts = (0..<3).map { Array(all.dropFirst($0 * hidden).prefix(hidden)) }
    return .constant(
      .numbers(try TensorData(parts[0] + parts[2] + parts[1], as: dtype)))
  }

  func activation(_ direction: Int, _ index: Int) throws -> Value {
    let names = try node.strings("activations") ?? []
    let position = direction * defaults.count + index
    let name =
      names.isEmpty ? defaults[index] : names.indices.contains(position) ? names[position] : ""
    let spelled = ["Tanh": "tanh", "Sigmoid": "sigmoid", "Relu": "relu"]
    guard let activation = spelled[name] else {
      throw node.fault(
        .unsupportedArgument, "activation '\(name)' is not one of Relu, Sigmoid, Tanh")
    }
    return .string(activation)
  }
}
