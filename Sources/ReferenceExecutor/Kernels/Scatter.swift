// SPDX-License-Identifier: Apache-2.0
import Tensors

extension Kernel {
  /// Writing elements by index, one after the other: of several updates of one element, `update`
  /// keeps the last and the other modes combine all. Indices are read as in `gathers`.
  static let scatters: [Kernel] = [
    Kernel("scatter") { call in
      let data = try call.tensor("data")
      let indices = try call.integerTensor("indices")
      let axis = try call.axis("axis", default: 0, rank: data.rank)
      let picks = try call.wrapped(indices, data.shape[axis])
      let expected = data.shape[..<axis] + indices.shape + data.shape[(axis + 1)...]
      let updates = try call.updates(of: Array(expected), data.dtype)
      let inner = data.shape[(axis + 1)...].reduce(1, *)
      let y = try call.updatableData()
      let combine = try Combination(call, default: "update")
      for outer in 0..<data.shape[..<axis].reduce(1, *) {
        for (i, pick) in picks.enumerated() {
          combine.run(
            y, at: (outer * data.shape[axis] + pick) * inner, updates,
            at: (outer * picks.count + i) * inner, count: inner)
        }
      }
      return y
    },
    Kernel("scatter_along_axis") { call in
      let data = try call.tensor("data")
      let indices = try call.integerTensor("indices")
      let axis = try call.axis("axis", default: 0, rank: data.rank)
      let updates = try call.updates(of: indices.shape, data.dtype)
      let lanes = try LaneIndices(call, data.shape, indices, axis)
      let y = try call.updatableData()
      let combine = try Combination(call, default: "add")
      lanes.forEach { position, at in combine.run(y, at: at, updates, at: position, count: 1) }
      return y
    },
    Kernel("scatter_nd") { call in
      let data = try call.tensor("data")
      let indices = try call.integerTensor("indices")
      let picks = try call.slicePicks(data.shape, indices)
      let updates = try call.updates(
        of: Array(indices.shape.dropLast() + data.shape[picks.depth...]), data.dtype)
      let y = try call.updatableData()
      let combine = try Combination(call, default: "add")
      for (i, start) in picks.starts.enumerated() {
        combine.run(y, at: start, updates, at: i * picks.size, count: picks.size)
      }
      return y
    },
  ]
}

extension KernelCall {
  fileprivate func updates(of shape: [Int], _ dtype: DType) throws -> Tensor {
    let updates = try tensor("updates")
    guard updates.shape == shape, updates.dtype == dtype else {
      throw fault("'updates' is \(updates), not \(dtype.rawValue)\(shape)")
    }
    return updates
  }

  /// `data`, to be written to: in place only where no state may have to be restored from it.
  fileprivate func updatableData() throws -> Tensor {
    let data = try tensor("data")
    return try updatable("data") { [(0, data.count)] }
  }
}

/// How an update meets what is there.
private struct Combination {
  private enum Mode: String { case update, add, sub, mul, div, max, min }
  private let mode: Mode

  init(_ call: KernelCall, default name: String) throws {
    let name = try call.string("mode", default: name)
    guard let mode = Mode(rawValue: name) else {
      throw call.fault("no mode '\(name)'", .unsupportedArgument)
    }
    self.mode = mode
  }

  /// Combines `count` elements of `updates` into `y`.
  func run(_ y: Tensor, at start: Int, _ updates: Tensor, at first: Int, count: Int) {
    if y.isFloat {
      for i in 0..<count {
        y.floats[start + i] = float(y.floats[start + i], updates.floats[first + i])
      }
    } else {
      for i in 0..<count { y.ints[start + i] = int(y.ints[start + i], updates.ints[first + i]) }
    }
  }

  private func float(_ old: Float, _ new: Float) -> Float {
    switch mode {
    case .update: new
    case .add: old + new
    case .sub: old - new
    case .mul: old * new
    case .div: old / new
    case .max: old > new || old.isNaN ? old : new
    case .min: old < new || old.isNaN ? old : new
    }
  }

  private func int(_ old: Int32, _ new: Int32) -> Int32 {
    switch mode {
    case .update: new
    case .add: old &+ new
    case .sub: old &- new
    case .mul: old &* new
    case .div: Kernel.quotient(old, new)
    case .max: Swift.max(old, new)
    case .min: Swift.min(old, new)
    }
  }
}
