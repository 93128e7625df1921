// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let gatherElements: [ONNXLowering] = [
    ONNXLowering("GatherElements", since: 11, "data indices", attributes: "axis") { node, build in
      let axis = try build.axis(node.int("axis", default: 0), rank: node.rank("data"), node)
      let shape = try node.shape("data")
      let indices = try build.wrapped(indices: "indices", extent: shape[axis], node)
      let wanted = try build.shape(of: indices)
      return try build.numeric(node.value("data")) { data in
        // ONNX lets the other extents of the indices be smaller than those of the data.
        var data = data
        for other in shape.indices where other != axis && wanted[other] != shape[other] {
          if wanted[other].isFixed {
            data = try build.slice(data, axis: other, from: 0, to: wanted[other].fixed)
          }
        }
        return try build.mil.gather_along_axis(x: data, indices: indices, axis: .int(axis))
      }
    }
  ]
}
