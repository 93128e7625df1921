// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// The places that an affine map gives to the pixels of an image (or the voxels of a volume).
  static let affineGrid: [ONNXLowering] = [
    ONNXLowering("AffineGrid", since: 20, "theta size", attributes: "align_corners") {
      node, build in
      guard let size = try node.constantInts("size"), size.count == 4 || size.count == 5,
        size.allSatisfy({ $0 > 0 })
      else { throw node.notConstant("size") }
      let extents = Array(size.dropFirst(2))
      let isAligned = try node.flag("align_corners")
      func coordinate(_ place: Int, _ extent: Int) -> Double {
        if isAligned { return extent == 1 ? 0 : -1 + 2 * Double(place) / Double(extent - 1) }
        return (2 * Double(place) + 1) / Double(extent) - 1
      }
      // One row per place: (x, y, 1) or (x, y, z, 1).
      let count = extents.reduce(1, *)
      let rows = (0..<count).flatMap { index -> [Double] in
        let places = Known.coordinates(index, in: extents)
        return zip(places, extents).map { coordinate($0, $1) }.reversed() + [1]
      }
      let dtype = try node.type("theta").dtype
      let base = Constant.numbers(
        try TensorData(rows, as: dtype, shape: [1, count, extents.count + 1]))
      let grid = try build.mil.matmul(
        x: .constant(base), y: node.value("theta"), transpose_y: true)
      return try build.reshape(
        grid, to: [node.shape("theta")[0]] + (extents + [extents.count]).map { .fixed($0) })
    }
  ]
}
