// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL

extension ATenLowering {
  /// Element-wise losses, which some models compute among their outputs.
  static let losses: [ATenLowering] = [
    loss("mse_loss") { call, build, gap in try build.mil.mul(x: gap, y: gap) },
    loss("l1_loss") { call, build, gap in try build.mil.abs(x: gap) },
    loss("smooth_l1_loss") { call, build, gap in
      let beta = try call.float("beta", default: 1)
      return try bent(gap, at: beta, slope: 1, build)
    },
    loss("huber_loss") { call, build, gap in
      let delta = try call.float("delta", default: 1)
      return try bent(gap, at: delta, slope: delta, build)
    },
  ]

  private static func loss(
    _ name: String,
    _ body: @escaping @Sendable (TorchCall, FunctionBuilder, _ gap: Value) throws -> Value
  ) -> ATenLowering {
    ATenLowering("aten.\(name).default") { call, build in
      let (x, y) = try call.promoted("self", "target", to: .float32)
      let each = try body(call, build, build.mil.sub(x: x, y: y))
      let mode = try call.int("reduction", default: 1)
      if mode == 0 { return each }
      guard mode == 1 || mode == 2 else { throw call.fault("'reduction' is \(mode)") }
      return try build.emit(
        mode == 1 ? "reduce_mean" : "reduce_sum",
        ["x": build.flattened(each), "axes": [0], "keep_dims": false])[0]
    }
  }

  /// `slope * gap^2 / (2 at)` where `|gap| < at`, then `slope * (|gap| - at / 2)`.
  private static func bent(
    _ gap: Value, at corner: Double, slope: Double, _ build: FunctionBuilder
  ) throws -> Value {
    let size = try build.mil.abs(x: gap)
    if corner == 0 { return try build.scale(size, by: slope) }
    // The linear part of |gap| and the rest, which never exceeds the corner.
    let inner = try build.mil.minimum(x: size, y: .float(corner))
    let outer = try build.mil.sub(x: size, y: inner)
    let square = try build.scale(build.mil.mul(x: inner, y: inner), by: slope / (2 * corner))
    return try build.mil.add(x: square, y: build.scale(outer, by: slope))
  }
}
