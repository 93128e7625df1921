// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// Functions of each element that integers have too.
  static let integerUnary: [ONNXLowering] = [abs, neg, sign, relu]

  private static let abs = ONNXLowering(
    "Abs", "X",
    fold: { node in
      guard let x = try node.known("X") else { return nil }
      return x.map { Swift.abs($0) } ?? x.mapIntegers { $0.fixed.map { .fixed(Int($0.magnitude)) } }
    }
  ) { node, build in try build.mil.abs(x: node.value("X")) }

  private static let neg = ONNXLowering(
    "Neg", "X",
    fold: { node in
      guard let x = try node.known("X") else { return nil }
      return x.map { -$0 } ?? x.mapIntegers { -$0 }
    }
  ) { node, build in
    let x = try node.value("X")
    return try build.wrapped(
      build.mil.mul(x: x, y: build.scalar(-1, like: x)), node.dtype("X"))
  }

  private static let sign = ONNXLowering("Sign", "input") { node, build in
    try build.mil.sign(x: node.value("input"))
  }

  private static let relu = ONNXLowering("Relu", "X") { node, build in
    let x = try node.value("X")
    guard try build.dtype(of: x).isFloat else { return try build.mil.maximum(x: x, y: .int(0)) }
    return try build.mil.relu(x: x)
  }
}
