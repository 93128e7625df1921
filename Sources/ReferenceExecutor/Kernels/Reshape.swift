// SPDX-License-Identifier: Apache-2.0
import Tensors

extension Kernel {
  /// Operations that give the same elements in the same order under another shape.
  static let reshapes: [Kernel] = [
    Kernel("reshape", moves: true) { call in
      let x = try call.tensor("x")
      return x.viewed(try call.resolved(call.ints("shape"), for: x))
    },
    Kernel("reshape_like", moves: true) { call in
      let references = try call.tensors("ref_tensors")
      let begins = try call.tensors("begins").flatMap(\.integers)
      let ends = try call.tensors("ends").flatMap(\.integers)
      let masks = try call.tensors("end_masks").flatMap(\.integers)
      guard [begins.count, ends.count, masks.count].allSatisfy({ $0 == references.count }) else {
        throw call.fault("'ref_tensors', 'begins', 'ends' and 'end_masks' differ in length")
      }
      var shape: [Int] = []
      for (i, reference) in references.enumerated() {
        let range = Slice.range(
          begin: begins[i], end: masks[i] != 0 ? nil : ends[i], step: 1, extent: reference.rank)
        shape += reference.shape[range.start..<range.start + range.count]
      }
      return try call.checkedView(call.tensor("x"), shape)
    },
    Kernel("expand_dims", moves: true) { call in
      let x = try call.tensor("x")
      let given = try call.ints("axes")
      let rank = x.rank + given.count
      let axes = try given.map { try call.normalized($0, "axes", rank: rank) }
      guard Set(axes).count == axes.count else { throw call.fault("'axes' names an axis twice") }
      var rest = x.shape[...]
      return x.viewed((0..<rank).map { axes.contains($0) ? 1 : rest.removeFirst() })
    },
    Kernel("squeeze", moves: true) { call in
      let x = try call.tensor("x")
      let all = x.shape.indices.filter { x.shape[$0] == 1 }
      let axes = call.has("axes") ? try call.axes("axes", rank: x.rank) : all
      for axis in axes where x.shape[axis] != 1 {
        throw call.fault("axis \(axis) of shape \(x.shape) is not 1")
      }
      return x.viewed(x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] })
    },
    Kernel("flatten2d", moves: true) { call in
      let x = try call.tensor("x")
      let given = try call.int("axis", default: 1)
      let axis = given == x.rank ? given : try call.normalized(given, "axis", rank: x.rank)
      return x.viewed([x.shape[..<axis].reduce(1, *), x.shape[axis...].reduce(1, *)])
    },
  ]

  static let identity = Kernel("identity", values: { call in [try call.value("x")] })

  static let shape = Kernel("shape", moves: true) { call in
    let x = try call.tensor("x")
    let y = try call.make(.int32, [x.rank])
    for (i, extent) in x.shape.enumerated() { y.ints[i] = Int32(clamping: extent) }
    return y
  }
}

extension KernelCall {
  func checkedView(_ x: Tensor, _ shape: [Int]) throws -> Tensor {
    guard Tensor.count(shape) == x.count else {
      throw fault("shape \(x.shape) cannot become \(shape)")
    }
    return x.viewed(shape)
  }

  /// A target shape with its 0s copied from `x` and its -1 computed.
  ///
  /// A 0 stands for the extent of `x` at the same place, since iOS 17 counted from the last axis.
  /// Where `x` is empty, zeros that make the volumes agree are taken at their word.
  func resolved(_ target: [Int], for x: Tensor) throws -> [Int] {
    if x.count == 0 && !target.contains(-1) && Tensor.count(target) == 0 { return target }
    var shape = target
    for (i, extent) in target.enumerated() where extent == 0 {
      let axis = opset >= .iOS17 ? i - target.count + x.rank : i
      if opset < .iOS17 && target.count != x.rank {
        throw fault("'shape' \(target) has a 0 but not the rank of x, \(x.rank)")
      }
      shape[i] = axis >= 0 ? x.shape[axis] : 1
    }
    if let free = shape.firstIndex(of: -1) {
      let rest = try product(shape.indices.filter { $0 != free }.map { shape[$0] })
      guard rest > 0, x.count % rest == 0 else {
        throw fault("shape \(x.shape) cannot become \(target)")
      }
      shape[free] = x.count / rest
    }
    guard Tensor.count(shape) == x.count else {
      throw fault("shape \(x.shape) cannot become \(target)")
    }
    return shape
  }
}
