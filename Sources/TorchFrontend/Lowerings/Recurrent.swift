// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ATenLowering {
  static let recurrent: [ATenLowering] = [
    .several("aten.lstm.input") { call, build in
      try RecurrentStack(call, build, .lstm).run()
    },
    .several("aten.gru.input") { call, build in
      try RecurrentStack(call, build, .gru).run()
    },
    .several("aten.rnn_tanh.input") { call, build in
      try RecurrentStack(call, build, .rnn("tanh")).run()
    },
    .several("aten.rnn_relu.input") { call, build in
      try RecurrentStack(call, build, .rnn("relu")).run()
    },
    .several("aten.lstm_cell.default") { call, build in try lstmCell(call, build) },
    ATenLowering("aten.gru_cell.default") { call, build in try gruCell(call, build) },
    ATenLowering("aten.rnn_tanh_cell.default") { call, build in
      try build.mil.tanh(x: gates(call, build, call.floatValue("hx")))
    },
    ATenLowering("aten.rnn_relu_cell.default") { call, build in
      try build.mil.relu(x: gates(call, build, call.floatValue("hx")))
    },
  ]

  private static func gates(_ call: TorchCall, _ build: FunctionBuilder, _ hidden: Value) throws
    -> Value
  {
    try build.mil.add(
      x: build.linear(
        call.floatValue("input"), weight: call.floatValue("w_ih"), bias: call.optionalFloat("b_ih")),
      y: build.linear(hidden, weight: call.floatValue("w_hh"), bias: call.optionalFloat("b_hh")))
  }

  private static func lstmCell(_ call: TorchCall, _ build: FunctionBuilder) throws -> [Value] {
    let state = try call.values("hx")
    guard state.count == 2 else { throw call.fault("'hx' needs two tensors") }
    let (hidden, cell) = try build.lstmStep(gates(call, build, state[0]), state[1])
    return [hidden, cell]
  }

  private static func gruCell(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    let hidden = try call.floatValue("hx")
    let x = try build.linear(
      call.floatValue("input"), weight: call.floatValue("w_ih"), bias: call.optionalFloat("b_ih"))
    let h = try build.linear(
      hidden, weight: call.floatValue("w_hh"), bias: call.optionalFloat("b_hh"))
    return try build.gruStep(x, h, hidden)
  }
}

extension FunctionBuilder {
  /// One step of an LSTM from its gates (before activation) and the cell.
  func lstmStep(_ gates: Value, _ cell: Value) throws -> (hidden: Value, cell: Value) {
    let axis = try rank(of: gates) - 1
    let parts = try emit("split", ["x": gates, "num_splits": 4, "axis": .int(axis)])
    let kept = try mil.mul(x: mil.sigmoid(x: parts[1]), y: cell)
    let added = try mil.mul(x: mil.sigmoid(x: parts[0]), y: mil.tanh(x: parts[2]))
    let next = try mil.add(x: kept, y: added)
    return (try mil.mul(x: mil.sigmoid(x: parts[3]), y: mil.tanh(x: next)), next)
  }

  /// One step of a GRU from the products of input and hidden state with their weights.
  func gruStep(_ x: Value, _ h: Value, _ hidden: Value) throws -> Value {
    let axis = Value.int(try rank(of: x) - 1)
    let p = try emit("split", ["x": x, "num_splits": 3, "axis": axis])
    let q = try emit("split", ["x": h, "num_splits": 3, "axis": axis])
    let reset = try mil.sigmoid(x: mil.add(x: p[0], y: q[0]))
    let update = try mil.sigmoid(x: mil.add(x: p[1], y: q[1]))
    let new = try mil.tanh(x: mil.add(x: p[2], y: mil.mul(x: reset, y: q[2])))
    let difference = try mil.sub(x: hidden, y: new)
    return try mil.add(x: new, y: mil.mul(x: update, y: difference))
  }
}
