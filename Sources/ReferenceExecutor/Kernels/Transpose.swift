// SPDX-License-Identifier: Apache-2.0
import Tensors

extension Kernel {
  /// Operations that change the order of elements.
  static let permutations: [Kernel] = [
    Kernel("transpose", moves: true) { call in
      let x = try call.tensor("x")
      let axes = try call.ints("perm").map { try call.normalized($0, "perm", rank: x.rank) }
      guard axes.sorted() == Array(0..<x.rank) else {
        throw call.fault("'perm' is \(axes) but x has rank \(x.rank)")
      }
      return try call.permuted(x, axes)
    },
    Kernel("reverse", moves: true) { call in
      let x = try call.tensor("x")
      let axes = try call.axes("axes", rank: x.rank)
      let y = try call.make(x.dtype, x.shape)
      let steps = rowMajorStrides(x.shape)
      if x.count == 0 { return y }
      try call.copy(
        x.shape, from: x, at: axes.reduce(0) { $0 + (x.shape[$1] - 1) * steps[$1] },
        steps: x.shape.indices.map { axes.contains($0) ? -steps[$0] : steps[$0] }, to: y,
        steps: steps)
      return y
    },
    Kernel("reverse_sequence", moves: true) { call in
      let x = try call.tensor("x")
      let axis = try call.axis("seq_axis", default: 0, rank: x.rank)
      let batch = try call.axis("batch_axis", default: 0, rank: x.rank)
      let lengths = try call.ints("lengths")
      guard axis != batch, lengths.count == x.shape[batch],
        lengths.allSatisfy({ $0 >= 0 && $0 <= x.shape[axis] })
      else { throw call.fault("'lengths' \(lengths) do not fit x of shape \(x.shape)") }
      let y = try call.make(x.dtype, x.shape)
      let steps = rowMajorStrides(x.shape)
      var index = [Int](repeating: 0, count: x.rank)
      for position in 0..<x.count {
        var rest = position
        for k in 0..<x.rank {
          index[k] = rest / steps[k]
          rest %= steps[k]
        }
        let length = lengths[index[batch]]
        let mirrored = index[axis] < length ? length - 1 - index[axis] : index[axis]
        y.words[position] = x.words[position + (mirrored - index[axis]) * steps[axis]]
      }
      return y
    },
    rearrangement("depth_to_space", "block_size") { b, s in
      // Blocks lie outside the channels: [n, b, b, c, h, w].
      (
        split: [s[0], b, b, s[1] / (b * b), s[2], s[3]], order: [0, 3, 4, 1, 5, 2],
        shape: [s[0], s[1] / (b * b), s[2] * b, s[3] * b], fits: s[1] % (b * b) == 0
      )
    },
    rearrangement("space_to_depth", "block_size") { b, s in
      (
        split: [s[0], s[1], s[2] / b, b, s[3] / b, b], order: [0, 3, 5, 1, 2, 4],
        shape: [s[0], s[1] * b * b, s[2] / b, s[3] / b], fits: s[2] % b == 0 && s[3] % b == 0
      )
    },
    rearrangement("pixel_shuffle", "upscale_factor") { r, s in
      // Blocks lie inside the channels: [n, c, r, r, h, w].
      (
        split: [s[0], s[1] / (r * r), r, r, s[2], s[3]], order: [0, 1, 4, 2, 5, 3],
        shape: [s[0], s[1] / (r * r), s[2] * r, s[3] * r], fits: s[1] % (r * r) == 0
      )
    },
    rearrangement("pixel_unshuffle", "downscale_factor") { r, s in
      (
        split: [s[0], s[1], s[2] / r, r, s[3] / r, r], order: [0, 1, 3, 5, 2, 4],
        shape: [s[0], s[1] * r * r, s[2] / r, s[3] / r], fits: s[2] % r == 0 && s[3] % r == 0
      )
    },
  ]

  private typealias Rearrangement = (split: [Int], order: [Int], shape: [Int], fits: Bool)

  private static func rearrangement(
    _ name: String, _ factor: String, _ plan: @escaping @Sendable (Int, [Int]) -> Rearrangement
  ) -> Kernel {
    Kernel(name, moves: true) { call in
      let x = try call.tensor("x")
      let block = try call.int(factor)
      guard x.rank == 4, block > 0, block <= 1 << 15 else {
        throw call.fault("'\(factor)' \(block) does not fit x of shape \(x.shape)")
      }
      let plan = plan(block, x.shape)
      guard plan.fits else {
        throw call.fault("'\(factor)' \(block) does not divide x of shape \(x.shape)")
      }
      return try call.permuted(x.viewed(plan.split), plan.order).viewed(plan.shape)
    }
  }
}
