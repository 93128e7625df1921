// SPDX-License-Identifier: Apache-2.0
import CKernels
import Diagnostics
import Tensors

/// Moving elements around.
extension KernelCall {
  /// Copies `shape` elements between two strided layouts, given by start and steps in elements.
  func copy(
    _ shape: [Int], from x: Tensor, at xStart: Int = 0, steps xSteps: [Int], to y: Tensor,
    offset yStart: Int = 0, steps ySteps: [Int]
  ) throws {
    if shape.contains(0) { return }
    let status = mpk_copy_strided(
      x.memory.base + 4 * xStart, xSteps.map { Int64(4 * $0) }, y.memory.base + 4 * yStart,
      ySteps.map { Int64(4 * $0) }, shape.map { Int64($0) }, UInt32(shape.count), 4)
    guard status == 0 else {
      throw fault("rank \(shape.count) is more than the executor handles", .unsupportedArgument)
    }
  }

  /// `x` with its axes in another order.
  func permuted(_ x: Tensor, _ axes: [Int]) throws -> Tensor {
    if axes == Array(x.shape.indices) { return x }
    let shape = axes.map { x.shape[$0] }
    let kept = axes.filter { x.shape[$0] != 1 }
    if kept == kept.sorted() { return x.viewed(shape) }
    let y = try make(x.dtype, shape)
    let steps = rowMajorStrides(x.shape)
    try copy(
      shape, from: x, steps: axes.map { steps[$0] }, to: y, steps: rowMajorStrides(shape))
    return y
  }

  /// `x` repeated along axes of extent 1 (and leading new ones) to `shape`.
  func expanded(_ x: Tensor, to shape: [Int]) throws -> Tensor {
    if x.shape == shape { return x }
    let y = try make(x.dtype, shape)
    try copy(
      shape, from: x, steps: RowLoop.steps(x.shape, in: shape), to: y,
      steps: rowMajorStrides(shape))
    return y
  }

  /// The operand as a float tensor with `axes` moved behind the others, and the way back.
  func rows(_ x: Tensor, along axes: [Int]) throws -> Rows {
    let outer = x.shape.indices.filter { !axes.contains($0) }
    let order = outer + axes
    return Rows(
      tensor: try permuted(x, order), order: order, length: axes.map { x.shape[$0] }.reduce(1, *),
      count: outer.map { x.shape[$0] }.reduce(1, *))
  }

  /// Undoes `rows`: a tensor of the shape of `rows.tensor` with its axes back in their places.
  func restored(_ y: Tensor, _ rows: Rows) throws -> Tensor {
    var back = [Int](repeating: 0, count: rows.order.count)
    for (position, axis) in rows.order.enumerated() { back[axis] = position }
    return try permuted(y, back)
  }

  /// Whether nothing outside this call reads the storage of operand `name`.
  func isFree(_ name: String) -> Bool {
    if case .free? = arguments(name).first?.storage { return true }
    return false
  }

  /// A product of extents. Throws when it overflows.
  func product(_ extents: some Sequence<Int>) throws -> Int {
    guard let count = elementCount(Array(extents)) else { throw fault("a shape overflows") }
    return count
  }
}

/// A tensor seen as contiguous rows.
struct Rows {
  let tensor: Tensor
  /// The axes of the original tensor in the order of `tensor`.
  let order: [Int]
  let length: Int
  let count: Int
}
