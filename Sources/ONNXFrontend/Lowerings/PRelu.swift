// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// `x` where positive, `slope * x` elsewhere.
  static let prelu: [ONNXLowering] = [
    ONNXLowering("PRelu", since: 7, "X slope") { node, build in
      let (x, shape) = (try node.value("X"), try node.shape("X"))
      if try build.dtype(of: x).isFloat, shape.count == 4, let slope = try node.weight("slope"),
        let channels = shape[1].fixed, slope.shape == [channels, 1, 1]
      {
        let alpha = Constant.numbers(try slope.materialized().reshaped([channels]))
        return try build.mil.prelu(x: x, alpha: .constant(alpha))
      }
      let zero = try build.scalar(0, like: x)
      let below = try build.mil.mul(x: build.mil.minimum(x: x, y: zero), y: node.value("slope"))
      return try build.mil.add(x: build.mil.maximum(x: x, y: zero), y: below)
    }
  ]
}
