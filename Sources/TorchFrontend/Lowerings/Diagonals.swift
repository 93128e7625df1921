// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ATenLowering {
  /// Matrices from and with diagonals.
  static let diagonals: [ATenLowering] = [
    ATenLowering("aten.diag_embed.default") { call, build in
      let x = try call.value("self")
      let rank = try build.rank(of: x) + 1
      let first = try call.axis("dim1", rank: rank, default: -2)
      let second = try call.axis("dim2", rank: rank, default: -1)
      let matrix = try build.diagonalMatrix(x, offset: call.int("offset", default: 0), call)
      return try build.permuted(
        matrix, FunctionBuilder.lastAxes(moved: (first, second), rank: rank))
    },
    ATenLowering("aten.diag.default") { call, build in
      let x = try call.value("self")
      let offset = try call.int("diagonal", default: 0)
      return try build.rank(of: x) == 1
        ? build.diagonalMatrix(x, offset: offset, call)
        : build.asNumber(x) { try build.diagonal($0, offset: offset, first: 0, second: 1) }
    },
    ATenLowering("aten.diagflat.default") { call, build in
      try build.diagonalMatrix(
        build.flattened(call.value("self")), offset: call.int("offset", default: 0), call)
    },
    ATenLowering("aten.trace.default") { call, build in
      let line = try build.diagonal(call.numericValue("self"), offset: 0, first: 0, second: 1)
      return try build.mil.reduce_sum(x: line, axes: [0], keep_dims: false)
    },
    ATenLowering("aten.diagonal_scatter.default") { call, build in
      let x = try call.value("self")
      let rank = try build.rank(of: x)
      let first = try call.axis("dim1", rank: rank, default: 0)
      let second = try call.axis("dim2", rank: rank, default: 1)
      guard first != second else { throw call.fault("'dim1' and 'dim2' are one axis") }
      return try build.diagonal(
        of: x, replacedBy: build.convert(call.value("src"), to: build.dtype(of: x)),
        offset: call.int("offset", default: 0), (first, second))
    },
    ATenLowering("aten.fill_diagonal.default") { call, build in
      let x = try call.value("self")
      let shape = try build.shape(of: x)
      guard shape.count == 2, let rows = shape[0].fixed, let columns = shape[1].fixed else {
        throw call.fault("only the diagonal of a matrix of fixed size can be filled")
      }
      guard try !call.bool("wrap", default: false) || rows <= columns else {
        throw call.fault("argument 'wrap' must be false")
      }
      let dtype = try build.dtype(of: x)
      let mask = try build.diagonalMask(rows: rows, columns: columns, offset: 0)
      let fill = try build.filled(call.operand("fill_value", as: dtype), shape)
      return try build.choose(mask, fill, x, shape: shape)
    },
    ATenLowering("aten.block_diag.default") { call, build in
      guard let width = try call.resultShape().last else {
        throw call.fault("the result is no matrix")
      }
      let dtype = try call.resultDType()
      var before = Dim.fixed(0)
      let rows = try call.values("tensors").map { part in
        let shape = try build.shape(of: part)
        guard shape.count <= 2 else { throw call.fault("a tensor has rank \(shape.count)") }
        let block = try build.reshape(
          build.convert(part, to: dtype), to: Array(repeating: 1, count: 2 - shape.count) + shape)
        let size = try build.shape(of: block)
        let gaps = [before, width - before - size[1]]
        before = before + size[1]
        let zeros = try gaps.map {
          try build.filled(build.scalarConstant(0, dtype), [size[0], $0])
        }
        let parts = [(gaps[0], zeros[0]), (1, block), (gaps[1], zeros[1])].filter { $0.0 != 0 }
        return parts.count == 1
          ? block : try build.mil.concat(values: .many(parts.map(\.1)), axis: 1)
      }
      return rows.count == 1 ? rows[0] : try build.mil.concat(values: .many(rows), axis: 0)
    },
  ]
}

extension FunctionBuilder {
  /// The order of axes that takes the last two of `rank` to the places `moved`.
  fileprivate static func lastAxes(moved: (Int, Int), rank: Int) -> [Int] {
    var rest = (0..<max(rank - 2, 0))[...]
    return (0..<rank).map { axis in
      if axis == moved.0 { return rank - 2 }
      if axis == moved.1 { return rank - 1 }
      return rest.removeFirst()
    }
  }

  /// `base` with the elements whose indices along two axes differ by `offset` replaced by `value`,
  /// where they are the last axis.
  func diagonal(
    of base: Value, replacedBy value: Value, offset: Int, _ axes: (first: Int, second: Int)
  ) throws -> Value {
    let rank = try rank(of: base)
    let order = Self.lastAxes(moved: (axes.first, axes.second), rank: rank)
    var inverse = order
    for (new, old) in order.enumerated() { inverse[old] = new }
    // `order` takes the last two axes to their places; its inverse brings them back.
    let front = try permuted(base, inverse)
    let shape = try self.shape(of: front)
    guard let rows = shape[rank - 2].fixed, let columns = shape[rank - 1].fixed else {
      throw Diagnostic.error(
        .unsupportedArgument, at: origin, "the diagonal of a tensor of flexible size",
        fix: "export a fixed size")
    }
    let (values, mask) = try onDiagonal(value, rows: rows, columns: columns, offset: offset)
    let written = try choose(
      expand(mask, to: shape), expand(values, to: shape), front, shape: shape)
    return try permuted(written, order)
  }

  func diagonalMask(rows: Int, columns: Int, offset: Int) throws -> Value {
    try checkStored(rows, columns)
    let flags = (0..<rows).flatMap { row in (0..<columns).map { $0 - row == offset } }
    return .constant(.numbers(TensorData(bool: flags, shape: [rows, columns])))
  }

  /// Vectors along the last axis as rows whose elements stand in the columns of the diagonal, and
  /// the mask of the diagonal.
  func onDiagonal(
    _ x: Value, rows: Int, columns: Int, offset: Int
  ) throws -> (values: Value, mask: Value) {
    let shape = try self.shape(of: x)
    let rank = shape.count
    let front = max(offset, 0)
    guard let count = shape.last?.fixed, front + count <= columns else {
      throw Diagnostic.error(.malformed, at: origin, "the values do not fit the diagonal")
    }
    let zero = try scalarConstant(0, dtype(of: x))
    let parts = try [front, columns - front - count].map {
      try filled(zero, shape.dropLast() + [.fixed($0)])
    }
    let line = [(front, parts[0]), (1, x), (columns - front - count, parts[1])]
      .filter { $0.0 > 0 }.map(\.1)
    let padded = line.count == 1 ? x : try mil.concat(values: .many(line), axis: .int(rank - 1))
    return (
      try mil.expand_dims(x: padded, axes: .ints([rank - 1])),
      try diagonalMask(rows: rows, columns: columns, offset: offset)
    )
  }

  /// Square matrices whose diagonal `offset` holds the vectors along the last axis.
  func diagonalMatrix(_ x: Value, offset: Int, _ call: TorchCall) throws -> Value {
    guard let count = try shape(of: x).last?.fixed else {
      throw call.fault("the diagonal has no fixed size", fix: "export with a fixed size")
    }
    let size = count + Swift.abs(offset)
    let shape = try self.shape(of: x).dropLast() + [.fixed(size), .fixed(size)]
    let (values, mask) = try onDiagonal(x, rows: size, columns: size, offset: offset)
    let zeros = try filled(scalarConstant(0, dtype(of: x)), Array(shape))
    return try choose(
      expand(mask, to: Array(shape)), expand(values, to: Array(shape)), zeros, shape: Array(shape))
  }
}
