// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// Functions of truth values.
  static let logic: [ONNXLowering] =
    [("And", "logical_and"), ("Or", "logical_or"), ("Xor", "logical_xor")].map { source, mil in
      ONNXLowering(source, since: 7, "A B", result: .dtype(.bool)) { node, build in
        try build.emit(mil, ["x": node.value("A"), "y": node.value("B")])[0]
      }
    } + [not]

  private static let not = ONNXLowering(
    "Not", "X", result: .dtype(.bool),
    fold: { node in
      guard let x = try node.known("X"), let flags = x.bools else { return nil }
      return Known(x.shape, .bools(flags.map { !$0 }))
    }
  ) { node, build in try build.mil.logical_not(x: node.value("X")) }
}
