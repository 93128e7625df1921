// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let concat: [ONNXLowering] = [
    ONNXLowering(
      "Concat", since: 4, "inputs*", attributes: "axis",
      fold: { node in
        let items = try node.variadic().compactMap { node.lowering.known($0) }
        guard items.count == node.inputs.count, items.allSatisfy({ $0.rank == 1 }) else {
          return nil
        }
        return Known(joining: items)
      }
    ) { node, build in
      let values = try node.values()
      guard let first = values.first else { throw node.fault(.malformed, "has no inputs") }
      let axis = try build.axis(node.int("axis"), rank: build.rank(of: first), node)
      // A tensor without elements along the axis adds nothing; Core ML does not have such.
      let filled = try values.filter { try build.shape(of: $0)[axis] != 0 }
      if filled.count <= 1 { return filled.first ?? first }
      return try build.mil.concat(values: .many(filled), axis: .int(axis))
    }
  ]
}

extension Known {
  /// Vectors one after the other; `nil` where they hold different kinds.
  init?(joining items: [Known]) {
    let dims = items.compactMap(\.dims)
    if dims.count == items.count {
      self.init(dims: dims.flatMap { $0 })
      return
    }
    let floats = items.compactMap { item -> [Double]? in
      if case .floats(let values) = item.elements { values } else { nil }
    }
    guard floats.count == items.count else { return nil }
    let all = floats.flatMap { $0 }
    self.init([all.count], .floats(all))
  }
}
