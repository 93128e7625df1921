// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL

extension ATenLowering {
  /// Random tensors: of the same distribution as PyTorch's, never of the same values.
  static let random: [ATenLowering] = [
    ATenLowering("aten.rand.default", "aten.rand_like.default") { call, build in
      try build.uniform(call.resultShape())
    },
    ATenLowering("aten.randn.default", "aten.randn_like.default") { call, build in
      try build.refine(
        build.mil.random_normal(shape: .dims(call.resultShape()), mean: 0.0, stddev: 1.0),
        call.resultShape())
    },
    ATenLowering("aten.randint.default", "aten.randint.low") { call, build in
      let low = try call.int("low", default: 0)
      let high = try call.int("high")
      guard low < high, high - low <= 1 << 24 else {
        throw call.fault("a range from \(low) to \(high) is not supported")
      }
      let scaled = try build.scale(
        build.uniform(call.resultShape()), by: Double(high - low))
      // The float that rounds up to the bound is not part of the range.
      let whole = try build.mil.minimum(
        x: build.mil.floor(x: scaled), y: .float(Double(high - low - 1)))
      return try build.mil.add(x: whole, y: .float(Double(low)))
    },
    ATenLowering("aten.bernoulli.default") { call, build in
      let chance = try call.floatValue("self")
      let isHit = try build.mil.less(x: build.uniform(build.shape(of: chance)), y: chance)
      return try build.cast(isHit, to: .float32)
    },
    .custom("aten.native_dropout.default", aliases: true) { call, build in
      try call.require("train", false)
      return [.tensor(try call.tensor("input")), .none]
    },
  ]
}

extension FunctionBuilder {
  /// Numbers from 0 to 1.
  fileprivate func uniform(_ shape: [Dim]) throws -> Value {
    try refine(mil.random_uniform(shape: .dims(shape), low: 0.0, high: 1.0), shape)
  }
}
