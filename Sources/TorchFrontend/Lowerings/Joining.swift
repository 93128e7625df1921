// SPDX-License-Identifier: Apache-2.0
import MIL

extension ATenLowering {
  /// Operators over a list of tensors.
  static let joining: [ATenLowering] = [
    ATenLowering("aten.cat.default", "aten.concat.default", "aten.concatenate.default") {
      call, build in
      let dtype = try call.resultDType()
      // PyTorch lets empty one-dimensional tensors be joined with anything.
      let parts = try call.values("tensors").filter { try build.shape(of: $0) != [0] }
        .map { try build.convert($0, to: dtype) }
      guard let first = parts.first else {
        return try build.filled(build.scalarConstant(0, dtype), call.resultShape())
      }
      if parts.count == 1 { return try build.mil.identity(x: first) }
      let axis = try call.axis("dim", rank: build.rank(of: first), default: 0)
      return try build.mil.concat(values: .many(parts), axis: .int(axis))
    },
    ATenLowering("aten.stack.default") { call, build in
      let dtype = try call.resultDType()
      let parts = try call.values("tensors").map { try build.convert($0, to: dtype) }
      guard let first = parts.first else { throw call.fault("stacks no tensors") }
      let axis = try call.axis("dim", rank: build.rank(of: first) + 1, default: 0)
      return try build.mil.stack(values: .many(parts), axis: .int(axis))
    },
    ATenLowering("aten.hstack.default", "aten.vstack.default", "aten.column_stack.default") {
      call, build in
      let parts = try call.values("tensors")
      let result = try call.resultShape()
      let ranked = try parts.map { part -> Value in
        let shape = try build.shape(of: part)
        guard shape.count < result.count else { return part }
        let isColumn = call.node.operatorName == "column_stack"
        return try build.reshape(part, to: isColumn ? shape + [1] : [1] + shape)
      }
      let axis = call.node.operatorName == "vstack" || result.count == 1 ? 0 : 1
      return try build.mil.concat(values: .many(ranked), axis: .int(axis))
    },
    .several("aten.meshgrid.default", "aten.meshgrid.indexing") { call, build in
      let parts = try call.values("tensors")
      let swaps = try call.string("indexing", default: "ij") == "xy" && parts.count > 1
      return try parts.enumerated().map { index, part in
        let shape = try call.resultShape(index)
        let axis = swaps && index < 2 ? 1 - index : index
        var line = [Dim](repeating: 1, count: shape.count)
        line[axis] = shape[axis]
        return try build.expand(build.reshape(part, to: line), to: shape)
      }
    },
    .several("aten.broadcast_tensors.default") { call, build in
      try call.values("tensors").enumerated().map { index, part in
        try build.expand(part, to: call.resultShape(index))
      }
    },
  ]
}
