// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// Pairs of elements of each head turned by an angle that grows with the position.
  static let rotaryEmbedding: [ONNXLowering] = [
    ONNXLowering(
      "RotaryEmbedding", since: 23, "X cos_cache sin_cache position_ids?",
      attributes: "interleaved num_heads rotary_embedding_dim"
    ) { node, build in
      let shape = try node.shape("X")
      // [batch, length, heads, size]
      let x: Value
      if shape.count == 4 {
        x = try build.transpose(node.value("X"), [0, 2, 1, 3])
      } else {
        let heads = try node.int("num_heads")
        guard shape.count == 3, heads > 0 else {
          throw node.fault(.malformed, "input 'X' of rank \(shape.count) needs 'num_heads'")
        }
        x = try build.reshape(
          node.value("X"),
          to: [shape[0], shape[1], .fixed(heads), .floorDiv(shape[2], .fixed(heads))])
      }
      guard let size = try build.shape(of: x)[3].fixed else {
        throw node.fault(.unsupportedArgument, "the size of a head is not fixed")
      }
      let given = try node.int("rotary_embedding_dim", default: 0)
      let turned = given == 0 ? size : given
      let angles = try ["cos_cache", "sin_cache"].map { name -> Value in
        var cache = try node.value(name)
        if node.has("position_ids") {
          let positions = try build.wrapped(
            indices: "position_ids", extent: build.shape(of: cache)[0], node)
          cache = try build.mil.gather(x: cache, indices: positions, axis: 0)
        }
        return try build.mil.expand_dims(x: cache, axes: [2])
      }
      let part = turned == size ? x : try build.slice(x, axis: 3, from: 0, to: turned)
      var y = try build.rotated(part, turned, angles, interleaved: node.flag("interleaved"))
      if turned != size {
        let rest = try build.slice(x, axis: 3, from: turned, to: nil)
        y = try build.mil.concat(values: .many([y, rest]), axis: 3)
      }
      return shape.count == 4
        ? try build.transpose(y, [0, 2, 1, 3]) : try build.reshape(y, to: shape)
    }
  ]
}

extension FunctionBuilder {
  /// `(cos * a - sin * b, sin * a + cos * b)` for the halves, or the alternating elements, of the
  /// last axis.
  fileprivate func rotated(
    _ x: Value, _ size: Int, _ angles: [Value], interleaved: Bool
  ) throws -> Value {
    let shape = try self.shape(of: x)
    let half = Dim.fixed(size / 2)
    // Pairs along an axis of their own.
    let pairs = try reshape(
      x, to: Array(shape.dropLast()) + (interleaved ? [half, 2] : [2, half]))
    let axis = interleaved ? 4 : 3
    let parts = try emit("split", ["x": pairs, "num_splits": 2, "axis": .int(axis)]).map {
      try mil.squeeze(x: $0, axes: .ints([axis]))
    }
    let (cosine, sine) = (angles[0], angles[1])
    let real = try mil.sub(x: mil.mul(x: cosine, y: parts[0]), y: mil.mul(x: sine, y: parts[1]))
    let imaginary = try mil.add(
      x: mil.mul(x: sine, y: parts[0]), y: mil.mul(x: cosine, y: parts[1]))
    return try reshape(mil.stack(values: .many([real, imaginary]), axis: .int(axis)), to: shape)
  }
}
