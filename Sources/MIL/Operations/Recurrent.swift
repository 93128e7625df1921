// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// Recurrent layers over `x[s, b, I]` with hidden size `H`: `y[s or 1, b, D * H]` (every step
  /// where `output_sequence`, else the last) and the final state `h[b, D * H]`, where `D` is 2 for
  /// an `lstm` in both directions and 1 otherwise.
  ///
  /// C1: `rank(x) == 3`. C2: `direction` is `forward` or `reverse` (`lstm`: or `bidirectional`).
  /// C3: `weight_ih` is `[G * H, I]` and `weight_hh` `[G * H, H]`, for `G` gates: `rnn` 1, `gru` 3,
  /// `lstm` 4. C4: `bias` is `[G * H]`. C5: the initial states are `[b, D * H]`. C6: the
  /// activations are known.
  static let recurrent: [OpSpec] = [gru, lstm, rnn]

  private static let rnn = cell("rnn", gates: 1, activations: ["activation"])

  /// C7: `input_bias` is `[3 * H]`.
  private static let gru = cell(
    "gru", gates: 3, activations: ["recurrent_activation", "activation"],
    since18: [
      .optionalConstant("reset_after", .bool, default: false),
      .optionalConstant("input_bias", .T),
    ], constraints: [gateVectors(["input_bias"], gates: 3)])

  /// Gives a third result, the cell state `c[b, D * H]`. C7: `peephole` is `[3 * H]`. C8: the
  /// operands for the way back have the shapes of those for the way forth, and the two weights are
  /// there where `direction` is `bidirectional`. C9: one `clip`.
  private static let lstm: OpSpec = {
    let back = ["weight_ih_back", "weight_hh_back", "bias_back", "peephole_back"]
    let operands: [Operand] =
      [
        .tensor("x", .T), .tensor("initial_h", .T), .tensor("initial_c", .T),
        .constant("weight_ih", .T), .constant("weight_hh", .T), .optionalConstant("bias", .T),
        .optionalConstant("peephole", .T),
      ] + back.map { .optionalConstant($0, .T) }
      + settings(["recurrent_activation", "cell_activation", "activation"])
      + [.optionalConstant("clip", .T)]
    return OpSpec(
      "lstm", operands: operands, domains: [.T: [.float32]],
      revisions: [Signature(since: .iOS17, operands: operands, domains: [.T: .floats])],
      constraints: [
        .rank("x", 3), .choice("direction", ["forward", "reverse", "bidirectional"]),
        gateMatrices("weight_ih", "weight_hh", gates: 4), gateVectors(["bias"], gates: 4),
        gateVectors(["peephole"], gates: 3), wayBack,
        initialStates(["initial_h", "initial_c"]),
        activations(["recurrent_activation", "cell_activation", "activation"]), .single("clip"),
      ]
    ) { op in try recurrentResults(op, states: 2) }
  }()

  private static func cell(
    _ name: String, gates: Int, activations names: [String], since18: [Operand] = [],
    constraints: [Constraint] = []
  ) -> OpSpec {
    let operands: [Operand] =
      [
        .tensor("x", .T), .tensor("initial_h", .T), .constant("weight_ih", .T),
        .constant("weight_hh", .T), .optionalConstant("bias", .T),
      ] + settings(names)
    var revisions = [Signature(since: .iOS17, operands: operands, domains: [.T: .floats])]
    if !since18.isEmpty {
      revisions.append(
        Signature(since: .iOS18, operands: operands + since18, domains: [.T: .floats]))
    }
    return OpSpec(
      name, operands: operands, domains: [.T: [.float32]], revisions: revisions,
      constraints: [
        .rank("x", 3), .choice("direction", ["forward", "reverse"]),
        gateMatrices("weight_ih", "weight_hh", gates: gates), gateVectors(["bias"], gates: gates),
        initialStates(["initial_h"]), activations(names),
      ] + constraints
    ) { op in try recurrentResults(op, states: 1) }
  }

  /// `direction`, `output_sequence` and the activations, in the order of the schema.
  private static func settings(_ activations: [String]) -> [Operand] {
    [
      .optionalConstant("direction", .string, default: "forward"),
      .optionalConstant("output_sequence", .bool, default: false),
    ]
      + activations.map {
        .optionalConstant($0, .string, default: $0 == "recurrent_activation" ? "sigmoid" : "tanh")
      }
  }

  private static func recurrentResults(_ op: OpContext, states: Int) throws -> [ValueType] {
    let x = try op.type(of: "x")
    let width = try stateWidth(op)
    let steps = try op.bool("output_sequence") ? x.shape[0] : 1
    let state = ValueType.tensor(x.dtype, [x.shape[1], width])
    return [.tensor(x.dtype, [steps, x.shape[1], width])] + Array(repeating: state, count: states)
  }

  /// `D * H`.
  private static func stateWidth(_ op: OpContext) throws -> Dim {
    let hidden = try op.shape("weight_hh")[1]
    return try op.string("direction") == "bidirectional" ? hidden * 2 : hidden
  }

  private static func gateMatrices(_ input: String, _ hidden: String, gates: Int) -> Constraint {
    let rows = gates == 1 ? "H" : "\(gates) * H"
    return Constraint("shape(\(input)) == [\(rows), I], shape(\(hidden)) == [\(rows), H]") { op in
      guard op.has(input), op.has(hidden) else { return }
      let (x, matrix) = (try op.shape("x"), try op.shape(hidden))
      guard matrix.count == 2 else {
        throw op.fault("'\(hidden)' has rank \(matrix.count), not 2", .shapeMismatch)
      }
      let size = matrix[1] * .fixed(gates)
      try op.requireShape(hidden, [size, matrix[1]])
      try op.requireShape(input, [size, x[2]])
    }
  }

  private static func gateVectors(_ names: [String], gates: Int) -> Constraint {
    let rows = gates == 1 ? "H" : "\(gates) * H"
    return Constraint("shape(\(names.joined(separator: ", "))) == [\(rows)]") { op in
      let hidden = try op.shape("weight_hh")[1]
      // From iOS 18 on; an operand that the signature lacks is never there.
      for name in names { try op.requireShape(name, [hidden * .fixed(gates)]) }
    }
  }

  private static let wayBack = Constraint(
    "weight_ih_back and weight_hh_back where bidirectional, all of the shapes of the way forth"
  ) { op in
    if try op.string("direction") == "bidirectional" {
      for name in ["weight_ih_back", "weight_hh_back"] where !op.has(name) {
        throw op.fault("'\(name)' is missing but 'direction' is 'bidirectional'")
      }
    }
    for name in ["weight_ih", "weight_hh", "bias", "peephole"]
    where op.has(name) && op.has(name + "_back") {
      try op.requireShape(name + "_back", op.shape(name))
    }
  }

  private static func initialStates(_ names: [String]) -> Constraint {
    Constraint("shape(\(names.joined(separator: ", "))) == [b, D * H]") { op in
      let expected = [try op.shape("x")[1], try stateWidth(op)]
      for name in names { try op.requireShape(name, expected) }
    }
  }

  private static func activations(_ names: [String]) -> Constraint {
    let known = [
      "hard_sigmoid", "linear", "relu", "scaled_tanh", "sigmoid", "sigmoid_hard", "tanh",
    ]
    return Constraint("activations in {\(known.joined(separator: ", "))}") { op in
      for name in names {
        let found = try op.string(name)
        guard known.contains(found.lowercased()) else {
          throw op.fault(
            "'\(name)' is '\(found)', not one of \(known.joined(separator: ", "))",
            .unsupportedArgument)
        }
      }
    }
  }
}
