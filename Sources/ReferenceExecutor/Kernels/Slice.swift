// SPDX-License-Identifier: Apache-2.0
import Tensors

extension Kernel {
  /// Slices, as in NumPy: bounds beyond an axis are clamped, negative ones count from its end.
  static let slices: [Kernel] = [
    Kernel("slice_by_index", moves: true) { call in
      let x = try call.tensor("x")
      let slice = try Slice(call, x.shape)
      let y = try call.make(x.dtype, slice.shape)
      try call.copy(
        slice.extents, from: x, at: slice.start, steps: slice.steps, to: y,
        steps: rowMajorStrides(slice.extents))
      return y.viewed(slice.result)
    },
    Kernel("slice_by_size", moves: true) { call in
      let x = try call.tensor("x")
      let begin = try call.ints("begin")
      let size = try call.ints("size")
      guard begin.count == x.rank, size.count == x.rank else {
        throw call.fault("'begin' and 'size' must have \(x.rank) elements")
      }
      var starts: [Int] = []
      var extents: [Int] = []
      for (axis, extent) in x.shape.enumerated() {
        let start = begin[axis] < 0 ? begin[axis] + extent : begin[axis]
        let count = size[axis] == -1 ? extent - start : size[axis]
        guard start >= 0, count >= 0, start <= extent, count <= extent - start else {
          throw call.fault(
            "\(size[axis]) elements from \(begin[axis]) lie outside axis \(axis) of \(x.shape)")
        }
        starts.append(start)
        extents.append(count)
      }
      let y = try call.make(x.dtype, extents)
      let steps = rowMajorStrides(x.shape)
      try call.copy(
        extents, from: x, at: Swift.zip(starts, steps).reduce(0) { $0 + $1.0 * $1.1 },
        steps: steps, to: y, steps: rowMajorStrides(extents))
      return y
    },
    Kernel("slice_update", moves: true) { call in
      let x = try call.tensor("x")
      let slice = try Slice(call, x.shape)
      let update = try call.tensor("update")
      guard update.dtype == x.dtype, update.shape == slice.result else {
        throw call.fault(
          "'update' is \(update) but the slice of \(x) has shape \(slice.result)")
      }
      let y = try call.updatable("x") { slice.regions }
      try call.copy(
        slice.extents, from: update, steps: rowMajorStrides(slice.extents), to: y,
        offset: slice.start,
        steps: slice.steps)
      return y
    },
  ]
}

/// What `begin`, `end`, `stride` and their masks select of a shape.
struct Slice {
  /// Position of the first element.
  private(set) var start = 0
  /// Elements per axis, squeezed axes included.
  private(set) var extents: [Int] = []
  /// Distance between them.
  private(set) var steps: [Int] = []
  /// The shape without squeezed axes.
  private(set) var result: [Int] = []

  var shape: [Int] { extents }

  init(_ call: KernelCall, _ shape: [Int]) throws {
    let rank = shape.count
    let begin = try call.ints("begin")
    let end = try call.ints("end")
    let stride = try call.ints("stride", default: Array(repeating: 1, count: rank))
    let none = Array(repeating: false, count: rank)
    let beginMask = try call.bools("begin_mask", default: none)
    let endMask = try call.bools("end_mask", default: none)
    let squeezeMask = try call.bools("squeeze_mask", default: none)
    guard
      [begin.count, end.count, stride.count, beginMask.count, endMask.count, squeezeMask.count]
        .allSatisfy({ $0 == rank })
    else { throw call.fault("'begin', 'end', 'stride' and masks must have \(rank) elements") }
    let distances = rowMajorStrides(shape)
    for axis in 0..<rank {
      if squeezeMask[axis] {
        let index = begin[axis] < 0 ? begin[axis] + shape[axis] : begin[axis]
        guard index >= 0, index < shape[axis] else {
          throw call.fault("index \(begin[axis]) lies outside axis \(axis) of shape \(shape)")
        }
        add(start: index, count: 1, step: 1, distance: distances[axis])
      } else {
        guard stride[axis] != 0 else { throw call.fault("'stride' is 0 at axis \(axis)") }
        let range = Slice.range(
          begin: beginMask[axis] ? nil : begin[axis], end: endMask[axis] ? nil : end[axis],
          step: stride[axis], extent: shape[axis])
        add(start: range.start, count: range.count, step: stride[axis], distance: distances[axis])
        result.append(range.count)
      }
    }
  }

  private mutating func add(start first: Int, count: Int, step: Int, distance: Int) {
    if count > 0 { start += first * distance }
    extents.append(count)
    steps.append(count > 1 ? step * distance : 0)
  }

  /// Python's `slice(begin, end, step)` over `extent` elements.
  static func range(
    begin: Int?, end: Int?, step: Int, extent: Int
  ) -> (start: Int, count: Int) {
    let low = step > 0 ? 0 : -1
    let high = step > 0 ? extent : extent - 1
    func clamped(_ index: Int) -> Int {
      min(max(index < 0 ? index + extent : index, low), high)
    }
    let first = begin.map(clamped) ?? (step > 0 ? low : high)
    let last = end.map(clamped) ?? (step > 0 ? high : low)
    if step > 0 { return (first, first < last ? (last - first - 1) / step + 1 : 0) }
    return (first, first > last ? (first - last - 1) / step.magnitudeAsInt + 1 : 0)
  }

  /// The selected elements as runs (position, count).
  var regions: [(Int, Int)] {
    var runs: [(Int, Int)] = []
    StridedLayout(offset: start, shape: extents, strides: steps)
      .forEachRun(in: 0..<extents.reduce(1, *)) { position, count, step in
        if step == 1 || count == 1 {
          runs.append((position, count))
        } else {
          for i in 0..<count { runs.append((position + i * step, 1)) }
        }
      }
    return runs
  }
}

extension Int {
  fileprivate var magnitudeAsInt: Int { self == .min ? .max : Swift.abs(self) }
}
