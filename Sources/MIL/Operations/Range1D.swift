// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// The numbers from `start` up to (or down to) `end`, without it, in steps of `step`.
  ///
  /// C1: the three are scalars. C2: a known `step` is not 0. C3: a known length fits in memory.
  static let range1D = OpSpec(
    "range_1d", operands: [.tensor("end", .T), .tensor("start", .T), .tensor("step", .T)],
    domains: [.T: .numbers],
    constraints: [
      Constraint("scalars") { op in
        for name in ["end", "start", "step"] where try op.rank(name) != 0 {
          throw op.fault("'\(name)' has rank \(try op.rank(name)), not 0", .shapeMismatch)
        }
      },
      Constraint("step != 0") { op in
        if op.constant("step") != nil, try op.float("step") == 0 { throw op.fault("'step' is 0") }
      },
      Constraint("the length is finite") { op in _ = try op.rangeLength() },
    ],
    results: { op in [.tensor(try op.dtype("end"), [try op.rangeLength() ?? op.freshDim()])] })
}

extension OpContext {
  /// The number of elements; `nil` where the operands are not known.
  fileprivate func rangeLength() throws -> Dim? {
    if try dtype("end").isInteger {
      guard let end = try dims("end")?.first, let start = try dims("start")?.first,
        let step = try dims("step")?.first?.fixed, step != 0, step != .min
      else { return nil }
      let span = step > 0 ? end - start : start - end
      return notNegative(.floorDiv(span + .fixed(abs(step) - 1), .fixed(abs(step))))
    }
    guard let end = try floats("end")?.first, let start = try floats("start")?.first,
      let step = try floats("step")?.first
    else { return nil }
    let length = ((end - start) / step).rounded(.up)
    guard length.isFinite, length < Double(Int32.max) else {
      throw fault("the range from \(start) to \(end) in steps of \(step) has no length")
    }
    return .fixed(max(0, Int(length)))
  }
}
