// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let `where`: [ONNXLowering] = [
    ONNXLowering(
      "Where", since: 9, "condition X Y", result: .by { try $0.dtype("X") },
      fold: { node in
        guard let condition = try node.known("condition"), let x = try node.known("X"),
          let y = try node.known("Y")
        else { return nil }
        return Known.select(condition, x, y)
      }
    ) { node, build in
      try build.mil.select(
        cond: node.value("condition"), a: node.value("X"), b: node.value("Y"))
    }
  ]
}

extension Known {
  fileprivate static func select(_ condition: Known, _ x: Known, _ y: Known) -> Known? {
    guard let values = broadcast(x.shape, y.shape), let shape = broadcast(values, condition.shape),
      let flags = condition.broadcast(to: shape)?.bools, let a = x.broadcast(to: shape),
      let b = y.broadcast(to: shape)
    else { return nil }
    switch (a.elements, b.elements) {
    case (.integers(let p), .integers(let q)):
      return Known(shape, .integers(flags.indices.map { flags[$0] ? p[$0] : q[$0] }))
    case (.floats(let p), .floats(let q)):
      return Known(shape, .floats(flags.indices.map { flags[$0] ? p[$0] : q[$0] }))
    default: return nil
    }
  }
}
