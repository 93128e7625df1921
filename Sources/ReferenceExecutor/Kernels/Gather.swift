// SPDX-License-Identifier: Apache-2.0
import Tensors

extension Kernel {
  /// Reading elements by index. Negative indices count from the end in every opset (iOS 17 leaves
  /// them undefined, and coremltools writes them); any other index outside an axis is an error.
  static let gathers: [Kernel] = [
    Kernel("gather", moves: true) { call in
      let x = try call.tensor("x")
      let indices = try call.integerTensor("indices")
      let axis = try call.axis("axis", default: 0, rank: x.rank)
      let given = try call.int("batch_dims", default: 0)
      let batch = given < 0 ? given + indices.rank : given
      guard batch >= 0, batch <= axis, batch <= indices.rank,
        x.shape[..<batch] == indices.shape[..<batch]
      else { throw call.fault("'batch_dims' \(given) does not fit \(x.shape), \(indices.shape)") }
      let y = try call.make(
        x.dtype, Array(x.shape[..<axis] + indices.shape[batch...] + x.shape[(axis + 1)...]))
      let batches = x.shape[..<batch].reduce(1, *)
      let outer = x.shape[batch..<axis].reduce(1, *)
      let inner = x.shape[(axis + 1)...].reduce(1, *)
      let picks = try call.wrapped(indices, x.shape[axis])
      let perBatch = indices.shape[batch...].reduce(1, *)
      var target = y.memory.base
      for b in 0..<batches {
        for o in 0..<outer {
          let plane = (b * outer + o) * x.shape[axis]
          for i in 0..<perBatch {
            target.copyMemory(
              from: x.memory.base + 4 * (plane + picks[b * perBatch + i]) * inner,
              byteCount: 4 * inner)
            target += 4 * inner
          }
        }
      }
      return y
    },
    Kernel("gather_along_axis", moves: true) { call in
      let x = try call.tensor("x")
      let indices = try call.integerTensor("indices")
      let axis = try call.axis("axis", default: 0, rank: x.rank)
      let lanes = try LaneIndices(call, x.shape, indices, axis)
      let y = try call.make(x.dtype, indices.shape)
      lanes.forEach { position, at in y.words[position] = x.words[at] }
      return y
    },
    Kernel("gather_nd", moves: true) { call in
      let x = try call.tensor("x")
      let indices = try call.integerTensor("indices")
      let batch = try call.int("batch_dims", default: 0)
      let picks = try call.slicePicks(x.shape, indices, batch: batch)
      let y = try call.make(
        x.dtype, Array(indices.shape.dropLast() + x.shape[(batch + picks.depth)...]))
      for (i, start) in picks.starts.enumerated() {
        (y.memory.base + 4 * i * picks.size).copyMemory(
          from: x.memory.base + 4 * start, byteCount: 4 * picks.size)
      }
      return y
    },
  ]
}

extension KernelCall {
  /// The elements of `indices`, each in `0..<extent`.
  func wrapped(_ indices: Tensor, _ extent: Int) throws -> [Int] {
    try indices.ints.map { index in
      let wrapped = index < 0 ? Int(index) + extent : Int(index)
      guard wrapped >= 0, wrapped < extent else {
        throw fault("index \(index) lies outside an axis of extent \(extent)")
      }
      return wrapped
    }
  }

  /// Where the slices that the last axis of `indices` names start in a tensor of `shape`.
  func slicePicks(
    _ shape: [Int], _ indices: Tensor, batch: Int = 0
  ) throws -> (starts: [Int], size: Int, depth: Int) {
    guard let depth = indices.shape.last, batch >= 0, batch < indices.rank,
      batch + depth <= shape.count, shape[..<batch] == indices.shape[..<batch]
    else { throw fault("indices of shape \(indices.shape) do not fit a shape of \(shape)") }
    let steps = rowMajorStrides(shape)
    let size = shape[(batch + depth)...].reduce(1, *)
    let batchSize = shape[batch...].reduce(1, *)
    let count = indices.shape.dropLast().reduce(1, *)
    let perBatch = indices.shape.dropLast()[batch...].reduce(1, *)
    let starts = try (0..<count).map { i in
      var start = i / perBatch * batchSize
      for k in 0..<depth {
        let index = Int(indices.ints[i * depth + k])
        let extent = shape[batch + k]
        let wrapped = index < 0 ? index + extent : index
        guard wrapped >= 0, wrapped < extent else {
          throw fault("index \(index) lies outside axis \(batch + k) of shape \(shape)")
        }
        start += wrapped * steps[batch + k]
      }
      return start
    }
    return (starts, size, depth)
  }
}

/// Elements of a tensor named by an index tensor of the same rank along one axis.
struct LaneIndices {
  private let shape: [Int]
  private let indices: Tensor
  private let axis: Int
  private let picks: [Int]

  init(_ call: KernelCall, _ shape: [Int], _ indices: Tensor, _ axis: Int) throws {
    guard indices.rank == shape.count,
      shape.indices.allSatisfy({ $0 == axis || indices.shape[$0] <= shape[$0] })
    else {
      throw call.fault("indices of shape \(indices.shape) do not fit a shape of \(shape)")
    }
    self.shape = shape
    self.indices = indices
    self.axis = axis
    picks = try call.wrapped(indices, shape[axis])
  }

  /// Calls `body` with the position of each index and that of the element it names.
  func forEach(_ body: (Int, Int) -> Void) {
    let steps = rowMajorStrides(shape)
    let own = rowMajorStrides(indices.shape)
    for (position, pick) in picks.enumerated() {
      var (rest, at) = (position, 0)
      for k in shape.indices {
        at += (k == axis ? pick : rest / own[k]) * steps[k]
        rest %= own[k]
      }
      body(position, at)
    }
  }
}
