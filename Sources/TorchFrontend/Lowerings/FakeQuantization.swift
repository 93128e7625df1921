// SPDX-License-Identifier: Apache-2.0
import MIL

extension ATenLowering {
  /// Rounding to the values that a quantized tensor can hold, as quantization-aware training does.
  static let fakeQuantization: [ATenLowering] = [
    ATenLowering(
      "aten.fake_quantize_per_tensor_affine.default",
      "aten.fake_quantize_per_tensor_affine.tensor_qparams"
    ) { call, build in
      try fakelyQuantized(
        call, build, scale: call.operand("scale", as: .float32),
        zero: call.operand("zero_point", as: .float32))
    },
    ATenLowering("aten.fake_quantize_per_channel_affine.default") { call, build in
      let rank = try call.rank("self")
      let axis = try call.axis("axis", rank: rank)
      let others = (0..<rank).filter { $0 != axis }
      let parameters = try ["scale", "zero_point"].map {
        try build.mil.expand_dims(x: call.operand($0, as: .float32), axes: .ints(others))
      }
      return try fakelyQuantized(call, build, scale: parameters[0], zero: parameters[1])
    },
  ]

  private static func fakelyQuantized(
    _ call: TorchCall, _ build: FunctionBuilder, scale: Value, zero: Value
  ) throws -> Value {
    let (low, high) = (try call.float("quant_min"), try call.float("quant_max"))
    let steps = try build.mil.round(x: build.mil.real_div(x: call.floatValue("self"), y: scale))
    let code = try build.mil.minimum(
      x: build.mil.maximum(x: build.mil.add(x: steps, y: zero), y: .float(low)), y: .float(high))
    return try build.mil.mul(x: build.mil.sub(x: code, y: zero), y: scale)
  }
}
