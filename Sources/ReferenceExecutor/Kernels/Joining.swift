// SPDX-License-Identifier: Apache-2.0
import Tensors

extension Kernel {
  /// Operations that put tensors together or take them apart.
  static let joining: [Kernel] = [
    Kernel("concat", moves: true) { call in
      // Scalars join like tensors of one element.
      let values = try call.sameKind("values").map { $0.rank == 0 ? $0.viewed([1]) : $0 }
      let axis = try call.axis("axis", rank: values[0].rank)
      for value in values {
        guard value.rank == values[0].rank,
          value.shape.indices.allSatisfy({ $0 == axis || value.shape[$0] == values[0].shape[$0] })
        else {
          throw call.fault(
            "shapes \(values[0].shape) and \(value.shape) do not join along axis \(axis)")
        }
      }
      return try call.bool("interleave", default: false)
        ? interleaved(values, axis, call) : concatenated(values, axis, call)
    },
    Kernel("stack", moves: true) { call in
      let values = try call.sameKind("values")
      let axis = try call.axis("axis", rank: values[0].rank + 1)
      guard values.allSatisfy({ $0.shape == values[0].shape }) else {
        throw call.fault("shapes differ: " + values.map { "\($0.shape)" }.joined(separator: ", "))
      }
      var shape = values[0].shape
      shape.insert(1, at: axis)
      return try concatenated(values.map { $0.viewed(shape) }, axis, call)
    },
    Kernel(
      "split", moves: true,
      several: { call in
        let x = try call.tensor("x")
        let axis = try call.axis("axis", rank: x.rank)
        let sizes = try splitSizes(call, x.shape[axis])
        let steps = rowMajorStrides(x.shape)
        var start = 0
        return try sizes.map { size in
          var shape = x.shape
          shape[axis] = size
          let part = try call.make(x.dtype, shape)
          try call.copy(
            shape, from: x, at: start * steps[axis], steps: steps, to: part,
            steps: rowMajorStrides(shape))
          start += size
          return part
        }
      }),
    Kernel("tile", moves: true) { call in
      let x = try call.tensor("x")
      let reps = try call.ints("reps")
      guard reps.count == x.rank, reps.allSatisfy({ $0 >= 0 }) else {
        throw call.fault("'reps' is \(reps) but x has shape \(x.shape)")
      }
      // Axis by axis, a repetition is a new axis before it with a step of 0.
      let fine = Swift.zip(reps, x.shape).flatMap { [$0, $1] }
      let steps = rowMajorStrides(x.shape).flatMap { [0, $0] }
      let shape = try Swift.zip(reps, x.shape).map { try call.product([$0, $1]) }
      let y = try call.make(x.dtype, shape)
      let kept = fine.indices.filter { fine[$0] != 1 }
      let extents = kept.map { fine[$0] }
      try call.copy(
        extents, from: x, steps: kept.map { steps[$0] }, to: y, steps: rowMajorStrides(extents))
      return y
    },
  ]

  private static func concatenated(
    _ values: [Tensor], _ axis: Int, _ call: KernelCall
  ) throws -> Tensor {
    var shape = values[0].shape
    shape[axis] = values.reduce(0) { $0 + $1.shape[axis] }
    let y = try call.make(values[0].dtype, shape)
    let steps = rowMajorStrides(shape)
    var start = 0
    for value in values {
      try call.copy(
        value.shape, from: value, steps: rowMajorStrides(value.shape), to: y,
        offset: start * steps[axis], steps: steps)
      start += value.shape[axis]
    }
    return y
  }

  /// Element `i` of the first, of the second and so on, then element `i + 1`.
  private static func interleaved(
    _ values: [Tensor], _ axis: Int, _ call: KernelCall
  ) throws -> Tensor {
    guard values.allSatisfy({ $0.shape == values[0].shape }) else {
      throw call.fault("interleaved tensors must have one shape")
    }
    var fine = values[0].shape
    fine.insert(1, at: axis + 1)
    let joined = try concatenated(values.map { $0.viewed(fine) }, axis + 1, call)
    var shape = values[0].shape
    shape[axis] *= values.count
    return joined.viewed(shape)
  }

  private static func splitSizes(_ call: KernelCall, _ extent: Int) throws -> [Int] {
    if call.has("split_sizes") {
      let sizes = try call.ints("split_sizes")
      guard sizes.allSatisfy({ $0 >= 0 && $0 <= extent }), sizes.reduce(0, +) == extent else {
        throw call.fault("'split_sizes' \(sizes) do not add up to \(extent)")
      }
      return sizes
    }
    let count = try call.int("num_splits")
    guard count > 0, count <= max(extent, 1), extent % count == 0 else {
      throw call.fault("an axis of \(extent) cannot be split into \(count) equal parts")
    }
    return Array(repeating: extent / count, count: count)
  }
}

extension KernelCall {
  /// The tensors of a variadic operand: at least one, all of one dtype.
  func sameKind(_ name: String) throws -> [Tensor] {
    let values = try tensors(name)
    guard let first = values.first else { throw fault("'\(name)' is empty") }
    for value in values where value.dtype != first.dtype {
      throw fault("'\(name)' holds both \(first.dtype.rawValue) and \(value.dtype.rawValue)")
    }
    return values
  }
}
