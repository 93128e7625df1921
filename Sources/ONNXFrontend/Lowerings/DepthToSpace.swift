// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// Channels to pixels and back. In mode `DCR` the block is the slow part of the channels, in
  /// `CRD` the fast one.
  static let depthToSpace: [ONNXLowering] = [
    ONNXLowering("DepthToSpace", "input", attributes: "blocksize mode") { node, build in
      let (shape, f) = (try node.shape("input"), Dim.fixed(try node.int("blocksize")))
      let mode = try node.choice("mode", ["DCR", "CRD"], default: "DCR")
      guard shape.count == 4, f.fixed ?? 0 > 0 else {
        throw node.fault(.malformed, "needs an image of rank 4 and a positive 'blocksize'")
      }
      let (n, c, h, w) = (shape[0], Dim.floorDiv(shape[1], f * f), shape[2], shape[3])
      let split = try build.reshape(
        node.value("input"), to: mode == "DCR" ? [n, f, f, c, h, w] : [n, c, f, f, h, w])
      let moved = try build.transpose(
        split, mode == "DCR" ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3])
      return try build.reshape(moved, to: [n, c, h * f, w * f])
    },
    ONNXLowering("SpaceToDepth", "input", attributes: "blocksize mode") { node, build in
      let (shape, f) = (try node.shape("input"), Dim.fixed(try node.int("blocksize")))
      let mode = try node.choice("mode", ["DCR", "CRD"], default: "DCR")
      guard shape.count == 4, f.fixed ?? 0 > 0 else {
        throw node.fault(.malformed, "needs an image of rank 4 and a positive 'blocksize'")
      }
      let (n, c) = (shape[0], shape[1])
      let (h, w) = (Dim.floorDiv(shape[2], f), Dim.floorDiv(shape[3], f))
      let split = try build.reshape(node.value("input"), to: [n, c, h, f, w, f])
      let moved = try build.transpose(
        split, mode == "DCR" ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4])
      return try build.reshape(moved, to: [n, c * f * f, h, w])
    },
  ]
}
