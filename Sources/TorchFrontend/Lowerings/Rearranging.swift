// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ATenLowering {
  /// Rearrangements with names of their own for what others say too.
  static let rearranging: [ATenLowering] = [
    ATenLowering("aten.fliplr.default") { call, build in
      try build.mil.reverse(x: call.value("self"), axes: [1])
    },
    ATenLowering("aten.flipud.default") { call, build in
      try build.mil.reverse(x: call.value("self"), axes: [0])
    },
    ATenLowering("aten.rot90.default") { call, build in
      let x = try call.value("self")
      let rank = try build.rank(of: x)
      let axes = try call.has("dims") ? call.axes("dims", rank: rank) : [0, 1]
      guard axes.count == 2, axes[0] != axes[1] else {
        throw call.fault("'dims' does not name two axes")
      }
      let turns = ((try call.int("k", default: 1) % 4) + 4) % 4
      if turns == 0 { return try build.mil.identity(x: x) }
      if turns == 2 { return try build.mil.reverse(x: x, axes: .ints(axes.sorted())) }
      var order = Array(0..<rank)
      order.swapAt(axes[0], axes[1])
      // A quarter turn mirrors the second axis and swaps both; three mirror the first.
      let mirrored = try build.mil.reverse(x: x, axes: .ints([turns == 1 ? axes[1] : axes[0]]))
      return try build.permuted(mirrored, order)
    },
    ATenLowering("aten.dstack.default") { call, build in
      let dtype = try call.resultDType()
      let parts = try call.values("tensors").map { part -> Value in
        let shape = try build.shape(of: part)
        let missing = [[1, 1, 1], [1] + shape + [1], shape + [1]]
        let target = missing.indices.contains(shape.count) ? missing[shape.count] : shape
        return try build.reshape(build.convert(part, to: dtype), to: target)
      }
      return try build.mil.concat(values: .many(parts), axis: 2)
    },
    ATenLowering("aten.cartesian_prod.default") { call, build in
      let parts = try call.values("tensors")
      guard parts.count > 1 else { return try build.mil.identity(x: parts[0]) }
      let extents = try parts.map { try build.shape(of: $0).reduce(1, *) }
      let columns = try parts.enumerated().map { index, part in
        var line = [Dim](repeating: 1, count: parts.count)
        line[index] = extents[index]
        return try build.flattened(build.expand(build.reshape(part, to: line), to: extents))
      }
      return try build.mil.stack(values: .many(columns), axis: 1)
    },
    ATenLowering("aten.vander.default") { call, build in
      let x = try call.floatValue("x")
      guard let count = try call.resultShape().last?.fixed, (0...(1 << 24)).contains(count) else {
        throw call.fault("the number of powers is not fixed")
      }
      let rising = (0..<count).map { Float($0) }
      let powers = try call.bool("increasing", default: false) ? rising : rising.reversed()
      return try build.mil.pow(
        x: build.mil.expand_dims(x: x, axes: [1]),
        y: .constant(.numbers(TensorData(float32: powers, shape: [1, count]))))
    },
    ATenLowering("aten.argwhere.default") { call, build in
      try build.mil.non_zero(x: build.convert(call.value("self"), to: .int32))
    },
    ATenLowering("aten.isin.Tensor_Tensor") { call, build in
      let (x, y) = try call.promoted("elements", "test_elements")
      let each = try build.mil.expand_dims(x: x, axes: .ints([build.rank(of: x)]))
      let isEqual = try build.mil.equal(x: each, y: build.flattened(y))
      let count = try build.mil.reduce_max(
        x: build.cast(isEqual, to: .int32), axes: [-1], keep_dims: false)
      let found = try build.cast(count, to: .bool)
      return try call.bool("invert", default: false) ? build.mil.logical_not(x: found) : found
    },
  ]

  /// Views that are rare.
  static let rareViews: [ATenLowering] = [
    .view("aten.atleast_1d.default", "aten.atleast_2d.default", "aten.atleast_3d.default") {
      call, _ in .reshape(try call.resultShape())
    },
    .custom("aten.tensor_split.indices", aliases: true) { call, build in
      let source = try call.tensor("self")
      let shape = try call.shape("self")
      let axis = try call.axis("dim", rank: shape.count, default: 0)
      guard let extent = shape[axis].fixed else {
        throw call.fault("'indices' of a dimension that is not fixed")
      }
      let cuts = try call.ints("indices").map { min(max($0 < 0 ? $0 + extent : $0, 0), extent) }
      return zip([0] + cuts, cuts + [extent]).map { from, to in
        .tensor(
          source.viewed(
            .slice(axis: axis, start: .fixed(from), extent: .fixed(max(0, to - from)), step: 1)))
      }
    },
  ]
}
