// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let tile: [ONNXLowering] = [
    ONNXLowering("Tile", since: 6, "input repeats") { node, build in
      let x = try node.value("input")
      guard let repeats = try node.known("repeats")?.dims else {
        return try build.mil.tile(x: x, reps: node.value("repeats"))
      }
      let shape = try build.shape(of: x)
      guard repeats.count == shape.count else {
        throw node.fault(
          .malformed, "input 'repeats' has \(repeats.count) elements for rank \(shape.count)")
      }
      let target = zip(shape, repeats).map { $0 * $1 }
      if target == shape { return x }
      if target.contains(0) { return try build.fill(target, like: x) }
      return try build.refined(build.mil.tile(x: x, reps: .dims(repeats)), target)
    }
  ]
}
