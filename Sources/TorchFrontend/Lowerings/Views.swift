// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ATenLowering {
  /// Operators whose result shows the memory of their operand.
  static let views: [ATenLowering] = [
    .view("aten.select.int") { call, build in
      let shape = try call.shape("self")
      let axis = try call.axis("dim", rank: shape.count)
      return .select(axis: axis, index: call.wrapped(try call.dim("index"), extent: shape[axis]))
    },
    .view("aten.slice.Tensor") { call, build in try slice(call, build) },
    .view("aten.narrow.default") { call, build in
      let shape = try call.shape("self")
      let axis = try call.axis("dim", rank: shape.count)
      let start = call.wrapped(try call.dim("start"), extent: shape[axis])
      return .slice(axis: axis, start: start, extent: try call.dim("length"), step: 1)
    },
    .view("aten.permute.default") { call, build in
      let rank = try call.rank("self")
      return .permute(try call.axes("dims", rank: rank))
    },
    .view(
      "aten.transpose.int", "aten.swapaxes.default", "aten.swapdims.default",
      "aten.transpose_.default", "aten.swapaxes_.default", "aten.swapdims_.default"
    ) { call, build in
      let rank = try call.rank("self")
      let names = call.has("axis0") ? ("axis0", "axis1") : ("dim0", "dim1")
      return rank < 2
        ? nil
        : .permute(
          swapped(rank, try call.axis(names.0, rank: rank), try call.axis(names.1, rank: rank)))
    },
    .view(
      "aten.t.default", "aten.t_.default", "aten.numpy_T.default", "aten.mT.default",
      "aten.adjoint.default"
    ) { call, build in
      let rank = try call.rank("self")
      guard rank >= 2 else { return nil }
      return .permute(
        call.node.operatorName == "numpy_T"
          ? Array((0..<rank).reversed()) : swapped(rank, rank - 2, rank - 1))
    },
    .view(
      "aten.movedim.int", "aten.movedim.intlist", "aten.moveaxis.int", "aten.moveaxis.intlist"
    ) { call, build in
      let rank = try call.rank("self")
      return .permute(
        moved(
          rank, from: try call.axes("source", rank: rank),
          to: try call.axes("destination", rank: rank)))
    },
    .view("aten.unsqueeze.default", "aten.unsqueeze_.default") { call, build in
      let rank = try call.rank("self")
      return .unsqueeze(axis: try call.axis("dim", rank: rank + 1))
    },
    .view("aten.squeeze.default", "aten.squeeze_.default") { call, build in
      let shape = try call.shape("self")
      return .squeeze(axes: shape.indices.filter { shape[$0] == 1 })
    },
    .view(
      "aten.squeeze.dim", "aten.squeeze.dims", "aten.squeeze_.dim", "aten.squeeze_.dims"
    ) { call, build in
      let shape = try call.shape("self")
      if shape.isEmpty { return nil }
      let axes = try call.axes("dim", rank: shape.count)
      return .squeeze(axes: axes.filter { shape[$0] == 1 }.sorted())
    },
    .view("aten.expand.default", "aten.broadcast_to.default", "aten.expand_as.default") {
      call, build in
      .expand(try call.resultShape())
    },
    .view(
      "aten.view.default", "aten.reshape.default", "aten._unsafe_view.default",
      "aten.flatten.using_ints", "aten.unflatten.int", "aten.view_as.default",
      "aten.reshape_as.default", "aten._reshape_alias.default", "aten.ravel.default"
    ) { call, build in .reshape(try call.resultShape()) },
    .view(
      "aten.dropout.default", "aten.dropout_.default", "aten.alpha_dropout.default",
      "aten.feature_dropout.default", "aten.feature_alpha_dropout.default"
    ) { call, _ in
      try call.require("train", false)
      return nil
    },
    .view("aten.diagonal.default") { call, build in
      let (offset, first, second) = try diagonalAxes(call)
      return .opaque(
        { x, build in try build.diagonal(x, offset: offset, first: first, second: second) },
        put: { base, value, build in
          try build.diagonal(of: base, replacedBy: value, offset: offset, (first, second))
        })
    },
    .view(
      "aten.alias.default", "aten.detach.default", "aten.lift_fresh.default",
      "aten.view_as_real.default",
      "aten.contiguous.default", "aten.positive.default", "aten.requires_grad_.default",
      "aten.detach_.default",
      "aten.real.default", "aten.resolve_conj.default", "aten.resolve_neg.default",
      "aten._conj.default"
    ) { call, build in
      if call.node.operatorName == "view_as_real" || call.node.operatorName == "_conj" {
        throw call.fault("complex tensors are not supported")
      }
      return nil
    },
    pieces("aten.split.Tensor", "aten.unsafe_split.Tensor") { call, extent in
      let size = try call.dim("split_size")
      return try call.chunks(of: size, extent: extent)
    },
    pieces(
      "aten.split_with_sizes.default", "aten.split.sizes",
      "aten.unsafe_split_with_sizes.default"
    ) { call, extent in
      try call.dims(call.has("split_sizes") ? "split_sizes" : "split_size")
    },
    pieces("aten.chunk.default", "aten.unsafe_chunk.default") { call, extent in
      let count = try call.int("chunks")
      guard let fixed = extent.fixed else {
        let size = Dim.floorDiv(extent + .fixed(count - 1), .fixed(count))
        return try call.chunks(of: size, extent: extent)
      }
      let size = (fixed + count - 1) / max(count, 1)
      return try call.chunks(of: .fixed(max(size, 1)), extent: extent)
    },
    pieces("aten.tensor_split.sections") { call, extent in
      let count = try call.int("sections")
      guard let fixed = extent.fixed, count > 0 else {
        throw call.fault("'sections' of a dimension that is not fixed")
      }
      return (0..<count).map { .fixed(fixed / count + ($0 < fixed % count ? 1 : 0)) }
    },
    piecesAlong("aten.hsplit.int", "aten.hsplit.array") { rank in rank == 1 ? 0 : 1 },
    piecesAlong("aten.vsplit.int", "aten.vsplit.array") { _ in 0 },
    piecesAlong("aten.dsplit.int", "aten.dsplit.array") { _ in 2 },
    .custom("aten.unbind.int", aliases: true) { call, build in
      let source = try call.tensor("self")
      let shape = try call.shape("self")
      let axis = try call.axis("dim", rank: shape.count, default: 0)
      return call.metas.indices.map {
        .tensor(source.viewed(.select(axis: axis, index: .fixed($0))))
      }
    },
  ]

  /// An operator that cuts an axis into consecutive pieces of the given extents.
  private static func pieces(
    _ targets: String..., extents: @escaping @Sendable (TorchCall, Dim) throws -> [Dim]
  ) -> ATenLowering {
    ATenLowering(targets: targets, aliases: true) { call, build in
      let source = try call.tensor("self")
      let shape = try call.shape("self")
      let axis = try call.axis("dim", rank: shape.count, default: 0)
      return try cut(source, axis, extents(call, shape[axis]), build)
    }
  }

  /// The same along an axis that the operator's name says; tracing recorded the extents.
  private static func piecesAlong(
    _ targets: String..., axis: @escaping @Sendable (_ rank: Int) -> Int
  ) -> ATenLowering {
    ATenLowering(targets: targets, aliases: true) { call, build in
      let shape = try call.shape("self")
      let axis = axis(shape.count)
      let shapes = try call.metas.indices.map { try call.resultShape($0) }
      guard axis < shape.count, shapes.allSatisfy({ $0.count == shape.count }) else {
        throw call.fault("a tensor of rank \(shape.count) has no pieces along axis \(axis)")
      }
      let extents = shapes.map { $0[axis] }
      guard extents.reduce(0, +) == shape[axis] else {
        throw call.fault("'indices' are not in rising order", fix: "slice the tensor instead")
      }
      return try cut(call.tensor("self"), axis, extents, build)
    }
  }

  private static func cut(
    _ source: TorchTensor, _ axis: Int, _ extents: [Dim], _ build: FunctionBuilder
  ) throws -> [TorchValue] {
    // A whole split is one operation of MIL, as long as nothing writes to the pieces.
    let whole = try split(source, axis, extents, build)
    var start = Dim.fixed(0)
    return extents.enumerated().map { index, extent in
      let piece = source.viewed(.slice(axis: axis, start: start, extent: extent, step: 1))
      if let whole { piece.remember(whole[index]) }
      start = start + extent
      return .tensor(piece)
    }
  }

  private static func split(
    _ source: TorchTensor, _ axis: Int, _ extents: [Dim], _ build: FunctionBuilder
  ) throws -> [Value]? {
    let sizes = extents.compactMap(\.fixed)
    guard sizes.count == extents.count, sizes.count > 1, !sizes.contains(0) else { return nil }
    let value = try source.value(build)
    if Set(sizes).count == 1 {
      return try build.emit(
        "split", ["x": value, "num_splits": .int(sizes.count), "axis": .int(axis)])
    }
    return try build.emit("split", ["x": value, "split_sizes": .ints(sizes), "axis": .int(axis)])
  }

  private static func slice(_ call: TorchCall, _ build: FunctionBuilder) throws -> ViewStep? {
    let shape = try call.shape("self")
    let axis = try call.axis("dim", rank: shape.count, default: 0)
    let step = try call.int("step", default: 1)
    guard step > 0 else { throw call.fault("'step' is \(step)") }
    let extent = shape[axis]
    var start = call.wrapped(try call.dim("start", default: 0), extent: extent)
    // Bounds past either end are moved to it; symbolic ones lie within, as the export checked.
    if let low = start.fixed, let size = extent.fixed { start = .fixed(min(max(low, 0), size)) }
    let result = try call.resultShape()
    // Complex tensors have one axis more here than in the source.
    guard result.count == shape.count || call.isComplex && result.count + 1 == shape.count else {
      throw call.fault("the result has rank \(result.count), not \(shape.count)")
    }
    let taken = result[axis]
    if start == 0, taken == extent, step == 1 { return nil }
    if let symbol = taken.symbol, !build.isBound(symbol), step == 1 {
      start = try sliceBetweenNumbers(call, build, extent: extent, taken: symbol)
    }
    return .slice(axis: axis, start: start, extent: taken, step: step)
  }

  /// A slice whose bounds are numbers that the program computes, of which tracing knew nothing:
  /// its extent, named `taken`, is computed from them too. Gives where it starts.
  private static func sliceBetweenNumbers(
    _ call: TorchCall, _ build: FunctionBuilder, extent: Dim, taken: String
  ) throws -> Dim {
    func place(_ bound: Dim) throws -> Value {
      let isNegative = try build.cast(build.mil.less(x: .dim(bound), y: 0), to: .int32)
      let counted = try build.mil.add(
        x: .dim(bound), y: build.mil.mul(x: isNegative, y: .dim(extent)))
      return try build.mil.minimum(x: build.mil.maximum(x: counted, y: 0), y: .dim(extent))
    }
    let start = try place(call.dim("start", default: 0))
    let end = try call.has("end") ? place(call.dim("end")) : .dim(extent)
    try build.bind(
      taken, to: build.mil.maximum(x: build.mil.sub(x: end, y: start), y: 0))
    let first = build.symbols.fresh()
    if let name = first.symbol { try build.bind(name, to: start) }
    return first
  }

  private static func swapped(_ rank: Int, _ a: Int, _ b: Int) -> [Int] {
    var axes = Array(0..<rank)
    axes.swapAt(a, b)
    return axes
  }

  private static func moved(_ rank: Int, from: [Int], to: [Int]) -> [Int] {
    var axes = [Int?](repeating: nil, count: rank)
    for (source, target) in zip(from, to) where target < rank { axes[target] = source }
    var rest = (0..<rank).filter { !from.contains($0) }.makeIterator()
    // What is moved twice leaves a place without an axis, and no permutation.
    return axes.map { $0 ?? rest.next() ?? 0 }
  }

  private static func diagonalAxes(_ call: TorchCall) throws -> (Int, Int, Int) {
    let rank = try call.rank("self")
    return (
      try call.int("offset", default: 0), try call.axis("dim1", rank: rank, default: 0),
      try call.axis("dim2", rank: rank, default: 1)
    )
  }
}

extension TorchCall {
  /// A negative index or bound counted from the end.
  func wrapped(_ index: Dim, extent: Dim) -> Dim {
    if let fixed = index.fixed { return fixed < 0 ? extent + index : index }
    // `-1 * s` style bounds: negative for every size.
    if let upper = build.symbols.bounds(index).upper, upper < 0 { return extent + index }
    return index
  }

  /// Extents of consecutive pieces of `size` that cover `extent`; the number is what tracing saw.
  func chunks(of size: Dim, extent: Dim) throws -> [Dim] {
    let count = metas.count
    guard count > 0 else { return [] }
    return Array(repeating: size, count: count - 1) + [extent - size * .fixed(count - 1)]
  }
}

extension FunctionBuilder {
  /// Elements where the indices along `first` and `second` differ by `offset`, on a new last axis.
  func diagonal(_ x: Value, offset: Int, first: Int, second: Int) throws -> Value {
    let shape = try self.shape(of: x)
    guard let rows = shape[first].fixed, let columns = shape[second].fixed else {
      throw Diagnostic.error(
        .unsupportedArgument, at: origin, "the diagonal of a tensor of flexible size",
        fix: "export with a fixed size")
    }
    guard first != second, elementCount([rows, columns]) ?? .max <= 1 << 40, abs(offset) <= 1 << 20
    else {
      throw Diagnostic.error(
        .malformed, at: origin, "no diagonal \(offset) of axes \(first) and \(second) of \(shape)")
    }
    try checkStored(min(rows, columns))
    let others = shape.indices.filter { $0 != first && $0 != second }
    let front = try mil.transpose(x: x, perm: .ints(others + [first, second]))
    let flat = try reshape(front, to: others.map { shape[$0] } + [.fixed(rows * columns)])
    let start = offset >= 0 ? offset : -offset * columns
    let count = max(0, min(rows - max(-offset, 0), columns - max(offset, 0)))
    let indices = (0..<count).map { start + $0 * (columns + 1) }
    return try mil.gather(x: flat, indices: .ints(indices), axis: .int(others.count))
  }
}
