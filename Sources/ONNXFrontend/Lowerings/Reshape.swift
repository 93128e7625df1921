// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let reshape: [ONNXLowering] = [
    ONNXLowering(
      "Reshape", since: 5, "data shape", attributes: "allowzero",
      fold: { node in
        guard let data = try node.known("data"), let target = try node.target(),
          let shape = target.map(\.fixed) as? [Int]
        else { return nil }
        return data.reshaped(shape)
      }
    ) { node, build in
      let data = try node.value("data")
      if let target = try node.target() { return try build.reshape(data, to: target) }
      var shape = try node.value("shape")
      if try !node.flag("allowzero") { shape = try build.zerosReplaced(shape, node) }
      return try build.mil.reshape(x: data, shape: shape)
    }
  ]
}

extension NodeCall {
  /// The shape asked for with 0 and -1 resolved; `nil` where it depends on data.
  fileprivate func target() throws -> [Dim]? {
    guard let wanted = try known("shape")?.dims else { return nil }
    let from = try shape("data")
    let keepsZeros = try flag("allowzero")
    var target = try wanted.enumerated().map { index, dim in
      guard dim == 0, !keepsZeros else { return dim }
      guard from.indices.contains(index) else {
        throw fault(
          .malformed, "input 'shape' keeps extent \(index) of a rank-\(from.count) tensor")
      }
      return from[index]
    }
    let holes = target.indices.filter { target[$0] == -1 }
    guard holes.count <= 1 else { throw fault(.malformed, "input 'shape' holds -1 more than once") }
    if let hole = holes.first {
      let rest = Dim.product(target.indices.filter { $0 != hole }.map { target[$0] })
      guard rest != 0 else {
        throw fault(.malformed, "input 'shape' holds -1 beside an extent of 0")
      }
      let total = Dim.product(from)
      if let total = total.fixed, let rest = rest.fixed, total % rest != 0 {
        throw fault(.malformed, "a tensor of shape \(from) cannot be reshaped to \(wanted)")
      }
      target[hole] = .floorDiv(total, rest)
    }
    guard (Dim.product(from) - .product(target)).fixed ?? 0 == 0 else {
      throw fault(.malformed, "a tensor of shape \(from) cannot be reshaped to \(wanted)")
    }
    return target
  }
}

extension FunctionBuilder {
  /// A shape that is only known at run time, its zeros replaced by the extents they stand for.
  fileprivate func zerosReplaced(_ shape: Value, _ node: NodeCall) throws -> Value {
    guard let count = try self.shape(of: shape).first?.fixed else {
      throw node.notConstant("shape")
    }
    let extents = try node.shape("data").prefix(count) + []
    let padded = extents + Array(repeating: 1, count: count - extents.count)
    return try mil.select(
      cond: mil.equal(x: shape, y: .int(0)), a: .dims(Array(padded)), b: shape)
  }
}
