// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// The last axes of `x` extended before and after by the pairs of `pad`, by axis.
  ///
  /// C1: `mode` is one of constant, reflect, replicate. C2: `pad` has rank 1 and an even number of
  /// elements, at most twice the rank of `x`, and exactly that where it is not constant. C3: no
  /// element is negative. C4: in mode reflect each is less than the extent; in mode replicate the
  /// extent is not 0.
  static let pad = OpSpec(
    "pad",
    operands: [
      .tensor("x", .T), .tensor("pad", .int32),
      .optionalConstant("mode", .string, default: "constant"),
      .optionalConstant("constant_val", .T, default: 0.0),
    ],
    domains: [.T: .floats],
    constraints: [
      .choice("mode", ["constant", "reflect", "replicate"]),
      Constraint("length(pad) even, <= 2 * rank(x)") { op in
        let (count, rank) = (try op.length("pad"), try op.rank("x"))
        guard let count = count.fixed, count % 2 == 0, count <= 2 * rank,
          count == 2 * rank || op.constant("pad") != nil
        else {
          throw op.fault(
            "'pad' has \(count) elements but 'x' has rank \(rank)", .shapeMismatch,
            fix: "give two numbers for each axis")
        }
      },
      Constraint("pad >= 0") { op in
        guard let pad = try op.elementsIfKnown("pad") else { return }
        try op.requireAtLeast(0, "pad", pad.compactMap(\.fixed))
      },
      Constraint("reflect: pad < extent") { op in try op.requireSource() },
    ],
    results: { op in
      let x = try op.type(of: "x")
      let pad = try op.elements("pad")
      var shape = x.shape
      let first = x.rank - pad.count / 2
      for index in 0..<(pad.count / 2) {
        shape[first + index] = shape[first + index] + pad[2 * index] + pad[2 * index + 1]
      }
      return [.tensor(x.dtype, shape)]
    })
}

extension OpContext {
  /// Throws where `mode` takes its elements from further away than `x` reaches.
  fileprivate func requireSource() throws {
    let mode = try string("mode")
    guard mode != "constant", let pad = try elementsIfKnown("pad") else { return }
    let extents = try shape("x").suffix(pad.count / 2)
    for (index, extent) in extents.enumerated() {
      for amount in pad[(2 * index)...(2 * index + 1)] {
        guard let amount = amount.fixed, let extent = extent.fixed, amount > 0 else { continue }
        if mode == "reflect" ? amount >= extent : extent == 0 {
          throw fault(
            "'pad' is \(amount) for an extent of \(extent) in mode \(mode)", .shapeMismatch,
            fix: mode == "reflect" ? "reflect at most \(max(0, extent - 1)) elements" : nil)
        }
      }
    }
  }
}
