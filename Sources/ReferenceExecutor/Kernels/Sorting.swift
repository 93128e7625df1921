// SPDX-License-Identifier: Apache-2.0
import Tensors

extension Kernel {
  /// Orders along an axis. Equal elements keep their order; NaN counts as larger than any number.
  static let sorting: [Kernel] = [
    Kernel("argsort", moves: true) { call in
      let x = try call.tensor("x")
      let axis = try call.axis("axis", default: -1, rank: x.rank)
      let ascending = try call.bool("ascending", default: false)
      let rows = try call.rows(x, along: [axis])
      let y = try call.make(.int32, rows.tensor.shape)
      for row in 0..<rows.count {
        for (i, index) in order(rows, row, ascending).enumerated() {
          y.ints[row * rows.length + i] = Int32(clamping: index)
        }
      }
      return try call.restored(y, rows)
    },
    Kernel(
      "topk", moves: true,
      several: { call in
        let x = try call.tensor("x")
        let axis = try call.axis("axis", default: -1, rank: x.rank)
        let given = try call.int("k", default: 1)
        let k = given == -1 ? x.shape[axis] : given
        guard k >= 0, k <= x.shape[axis] else {
          throw call.fault("'k' is \(given) but the axis has \(x.shape[axis]) elements")
        }
        let ascending = try call.bool("ascending", default: false)
        let dtype = DType(mil: try call.string("output_indices_dtype", default: "int32")) ?? .int32
        let rows = try call.rows(x, along: [axis])
        let shape = Array(rows.tensor.shape.dropLast()) + [k]
        let (values, indices) = (try call.make(x.dtype, shape), try call.make(dtype, shape))
        for row in 0..<rows.count {
          for (i, index) in order(rows, row, ascending).prefix(k).enumerated() {
            values.words[row * k + i] = rows.tensor.words[row * rows.length + index]
            indices.ints[row * k + i] = dtype.wrapped(Int32(clamping: index))
          }
        }
        let results = [try call.restored(values, rows)]
        guard try call.bool("return_indices", default: true) else { return results }
        return results + [try call.restored(indices, rows)]
      }),
    Kernel("cumsum") { call in
      let x = try call.tensor("x")
      let axis = try call.axis("axis", default: 0, rank: x.rank)
      let exclusive = try call.bool("exclusive", default: false)
      let backwards = try call.bool("reverse", default: false)
      let rows = try call.rows(x, along: [axis])
      let y = try call.make(x.dtype, rows.tensor.shape)
      for row in 0..<rows.count {
        var (total, count) = (0.0, Int32(0))
        for step in 0..<rows.length {
          let i = row * rows.length + (backwards ? rows.length - 1 - step : step)
          if x.isFloat {
            let next = total + Double(rows.tensor.floats[i])
            y.floats[i] = Float(exclusive ? total : next)
            total = next
          } else {
            let next = count &+ rows.tensor.ints[i]
            y.ints[i] = exclusive ? count : next
            count = next
          }
        }
      }
      return try call.restored(y, rows)
    },
  ]

  /// Positions of a row in order.
  private static func order(_ rows: Rows, _ row: Int, _ ascending: Bool) -> [Int] {
    if rows.tensor.isFloat {
      let lane = rows.floats(row)
      return sorted(lane, ascending) { $0 < $1 || ($1.isNaN && !$0.isNaN) }
    }
    return sorted(rows.ints(row), ascending) { $0 < $1 }
  }

  /// Stable in both directions.
  private static func sorted<Element>(
    _ lane: Lane<Element>, _ ascending: Bool, _ isLess: (Element, Element) -> Bool
  ) -> [Int] {
    lane.indices.sorted { a, b in
      let (x, y) = (lane[a], lane[b])
      if ascending ? isLess(x, y) : isLess(y, x) { return true }
      if ascending ? isLess(y, x) : isLess(x, y) { return false }
      return a < b
    }
  }
}
