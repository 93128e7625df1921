// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

/// A small tensor whose elements are known while a model is lowered: numbers, or expressions over
/// the extents of inputs. What lets shapes that a model computes for itself be resolved.
struct Known {
  var shape: [Int]
  var elements: Elements

  enum Elements {
    case integers([Dim])
    case floats([Double])
    case bools([Bool])
  }

  /// Larger tensors are not looked at.
  static let limit = 4096

  init(_ shape: [Int], _ elements: Elements) {
    self.shape = shape
    self.elements = elements
  }

  /// A vector of extents.
  init(dims: [Dim]) { self.init([dims.count], .integers(dims)) }
  init(ints: [Int]) { self.init(dims: ints.map { .fixed($0) }) }
  init(scalar: Dim) { self.init([], .integers([scalar])) }

  /// The numbers of a tensor in memory; `nil` for types without any.
  init?(_ data: TensorData) {
    switch data.dtype {
    case .bool: self.init(data.shape, .bools(data.bools))
    case .uint64:
      // Elements past Int64.max keep their order.
      self.init(data.shape, .integers(data.ints.map { .fixed($0) }))
    case let dtype where dtype.isInteger:
      self.init(data.shape, .integers(data.ints.map { .fixed($0) }))
    case let dtype where dtype.isFloat: self.init(data.shape, .floats(data.doubles))
    default: return nil
    }
  }

  var count: Int { shape.reduce(1, *) }
  var rank: Int { shape.count }

  /// The elements as extents, where they are integers.
  var dims: [Dim]? {
    if case .integers(let dims) = elements { dims } else { nil }
  }

  /// The elements, where all are integers that are known as numbers.
  var ints: [Int]? {
    guard let dims else { return nil }
    let ints = dims.compactMap(\.fixed)
    return ints.count == dims.count ? ints : nil
  }

  var bools: [Bool]? {
    if case .bools(let bools) = elements { bools } else { nil }
  }

  /// The elements as numbers, where all are.
  var doubles: [Double]? {
    switch elements {
    case .integers: ints?.map(Double.init)
    case .floats(let values): values
    case .bools(let values): values.map { $0 ? 1 : 0 }
    }
  }
}

extension Known {
  /// The elements at `positions` (in row-major order) under `shape`.
  func picking(_ positions: [Int], shape: [Int]) -> Known {
    switch elements {
    case .integers(let values): Known(shape, .integers(positions.map { values[$0] }))
    case .floats(let values): Known(shape, .floats(positions.map { values[$0] }))
    case .bools(let values): Known(shape, .bools(positions.map { values[$0] }))
    }
  }

  func reshaped(_ shape: [Int]) -> Known? {
    elementCount(shape) == count ? Known(shape, elements) : nil
  }

  /// The elements with axis `order[k]` as axis `k`, for a permutation `order`.
  func permuted(_ order: [Int]) -> Known {
    let strides = rowMajorStrides(shape)
    let picks = order.reduce([0]) { picks, axis in
      picks.flatMap { pick in (0..<shape[axis]).map { pick + $0 * strides[axis] } }
    }
    return picking(picks, shape: order.map { shape[$0] })
  }

  /// The elements repeated to `shape` by NumPy's rule.
  func broadcast(to shape: [Int]) -> Known? {
    if shape == self.shape { return self }
    guard let total = elementCount(shape), total <= Known.limit, shape.count >= rank else {
      return nil
    }
    let padded = Array(repeating: 1, count: shape.count - rank) + self.shape
    guard zip(padded, shape).allSatisfy({ $0 == $1 || $0 == 1 }) else { return nil }
    let strides = rowMajorStrides(padded)
    let positions = (0..<total).map { index in
      let coordinates = Known.coordinates(index, in: shape)
      return zip(coordinates.indices, coordinates).reduce(0) { sum, pair in
        padded[pair.0] == 1 ? sum : sum + pair.1 * strides[pair.0]
      }
    }
    return picking(positions, shape: shape)
  }

  static func coordinates(_ index: Int, in shape: [Int]) -> [Int] {
    var rest = index
    var coordinates = [Int](repeating: 0, count: shape.count)
    for axis in shape.indices.reversed() where shape[axis] > 0 {
      coordinates[axis] = rest % shape[axis]
      rest /= shape[axis]
    }
    return coordinates
  }

  /// The shape that two shapes broadcast to.
  static func broadcast(_ a: [Int], _ b: [Int]) -> [Int]? {
    let rank = max(a.count, b.count)
    let x = Array(repeating: 1, count: rank - a.count) + a
    let y = Array(repeating: 1, count: rank - b.count) + b
    var shape: [Int] = []
    for (p, q) in zip(x, y) {
      guard p == q || p == 1 || q == 1 else { return nil }
      shape.append(p == 1 ? q : p)
    }
    return shape
  }
}

extension Known {
  /// The elements as a tensor of `dtype`; `nil` where some are not numbers or do not fit `dtype`.
  func data(as dtype: DType) -> TensorData? {
    switch elements {
    case .bools(let values):
      return try? TensorData(values.map { $0 ? 1 : 0 }, as: dtype, shape: shape)
    case .floats(let values): return try? TensorData(values, as: dtype, shape: shape)
    case .integers:
      guard let ints else { return nil }
      if dtype == .int32 {
        let fitting = ints.compactMap { Int32(exactly: $0) }
        return fitting.count == ints.count ? TensorData(int32: fitting, shape: shape) : nil
      }
      return try? TensorData(ints.map(Double.init), as: dtype, shape: shape)
    }
  }
}
