// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ATenLowering {
  /// Tensors made from nothing.
  static let creation: [ATenLowering] = [
    filling("aten.zeros.default", "aten.zeros_like.default", "aten.new_zeros.default", value: 0),
    filling("aten.ones.default", "aten.ones_like.default", "aten.new_ones.default", value: 1),
    // What memory happens to hold is nobody's meaning; zeros are as good as anything.
    filling(
      "aten.empty.memory_format", "aten.empty_like.default", "aten.new_empty.default",
      "aten.empty_strided.default", "aten.empty_permuted.default", value: 0),
    ATenLowering("aten.full.default", "aten.full_like.default", "aten.new_full.default") {
      call, build in
      try build.filled(
        call.operand("fill_value", as: call.resultDType()), call.resultShape())
    },
    ATenLowering("aten.scalar_tensor.default") { call, build in
      try call.operand("s", as: call.resultDType())
    },
    ATenLowering("aten.arange.default", "aten.arange.start", "aten.arange.start_step") {
      call, build in
      try range(call, build)
    },
    ATenLowering("aten.linspace.default") { call, build in
      let count = try call.int("steps")
      let start = try call.float("start")
      let end = try call.float("end")
      let step = count > 1 ? (end - start) / Double(count - 1) : 0
      let values = (0..<count).map { Float(start + Double($0) * step) }
      return .constant(.numbers(TensorData(float32: values)))
    },
    ATenLowering("aten.logspace.default") { call, build in
      let count = try call.int("steps")
      let (start, end) = (try call.float("start"), try call.float("end"))
      let base = try call.float("base", default: 10)
      let step = count > 1 ? (end - start) / Double(count - 1) : 0
      let exponents = (0..<count).map { Float(start + Double($0) * step) }
      return try build.mil.pow(
        x: .float(base), y: .constant(.numbers(TensorData(float32: exponents))))
    },
    ATenLowering("aten.hann_window.default", "aten.hann_window.periodic") { call, build in
      let count = try call.int("window_length")
      let isPeriodic = try call.bool("periodic", default: true)
      let period = Double(max(isPeriodic ? count : count - 1, 1))
      let angles = (0..<count).map { Float(2 * Double.pi * Double($0) / period) }
      if count == 1 { return .constant(.numbers(TensorData(float32: [1]))) }
      let waves = try build.mil.cos(x: .constant(.numbers(TensorData(float32: angles))))
      return try build.mil.sub(x: 0.5, y: build.mil.mul(x: waves, y: 0.5))
    },
    indices("aten.tril_indices.default") { row, column, offset in column - row <= offset },
    indices("aten.triu_indices.default") { row, column, offset in column - row >= offset },
    ATenLowering("aten.eye.default", "aten.eye.m") { call, build in
      let rows = try call.int("n")
      let columns = call.has("m") ? try call.int("m") : rows
      guard rows * columns <= 1 << 28 else {
        throw call.fault("a matrix of \(rows) by \(columns) is too large to be stored")
      }
      var values = [Float](repeating: 0, count: rows * columns)
      for k in 0..<min(rows, columns) { values[k * columns + k] = 1 }
      return .constant(.numbers(TensorData(float32: values, shape: [rows, columns])))
    },
    ATenLowering("aten.tril.default") { call, build in try triangle(call, build, lower: true) },
    ATenLowering("aten.triu.default") { call, build in try triangle(call, build, lower: false) },
    ATenLowering("aten.one_hot.default") { call, build in
      guard let last = try call.resultShape().last else { throw call.fault("needs a class axis") }
      return try build.mil.one_hot(
        indices: call.value("self"), one_hot_vector_size: .dim(last), axis: -1, on_value: 1,
        off_value: 0)
    },
  ]

  private static func filling(_ targets: String..., value: Double) -> ATenLowering {
    ATenLowering(table: targets) { call, build in
      try build.filled(build.scalarConstant(value, call.resultDType()), call.resultShape())
    }
  }

  /// Rows and columns of the places that `isKept(row, column, offset)` keeps.
  private static func indices(
    _ target: String, isKept: @escaping @Sendable (Int, Int, Int) -> Bool
  ) -> ATenLowering {
    ATenLowering(target) { call, build in
      let (rows, columns) = (try call.int("row"), try call.int("col"))
      let offset = try call.int("offset", default: 0)
      guard rows >= 0, columns >= 0, let count = elementCount([rows, columns]), count <= 1 << 22
      else { throw call.fault("a matrix of \(rows) by \(columns) is not supported") }
      let places = (0..<rows).flatMap { row in
        (0..<columns).filter { isKept(row, $0, offset) }.map { (Double(row), Double($0)) }
      }
      return .constant(
        .numbers(
          try TensorData(
            places.map(\.0) + places.map(\.1), as: .int32, shape: [2, places.count])))
    }
  }

  private static func range(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    let dtype = try call.resultDType()
    let (start, end, step) = ("start", "end", "step")
    let isFixed = [start, end, step].allSatisfy { name in
      if case .dim(let dim) = call.arguments[name] { dim.isFixed } else { true }
    }
    guard isFixed else {
      return try build.mil.range_1d(
        end: call.operand(end, as: dtype),
        start: call.has(start) ? call.operand(start, as: dtype) : build.scalarConstant(0, dtype),
        step: call.has(step) ? call.operand(step, as: dtype) : build.scalarConstant(1, dtype))
    }
    let first = try call.float(start, default: 0)
    let stride = try call.float(step, default: 1)
    let count = try call.resultShape().first?.fixed ?? 0
    try build.checkStored(count)
    let values = (0..<count).map { first + Double($0) * stride }
    return .constant(.numbers(try TensorData(values, as: dtype)))
  }

  /// `x` where `column - row` is on the kept side of `diagonal`, zero elsewhere.
  private static func triangle(
    _ call: TorchCall, _ build: FunctionBuilder, lower: Bool
  ) throws -> Value {
    let x = try call.value("self")
    let shape = try build.shape(of: x)
    guard shape.count >= 2 else { throw call.fault("needs a matrix") }
    let diagonal = try call.dim("diagonal", default: 0)
    let mask = try build.triangleMask(
      rows: shape[shape.count - 2], columns: shape[shape.count - 1], diagonal: diagonal,
      lower: lower)
    if try build.dtype(of: x) == .bool { return try build.mil.logical_and(x: x, y: mask) }
    let zero = try build.scalarConstant(0, build.dtype(of: x))
    return try build.mil.select(
      cond: build.broadcast(mask, to: shape), a: x, b: build.filled(zero, shape))
  }
}

extension FunctionBuilder {
  /// A boolean `[rows, columns]` that is true where `column - row` is at most (at least) `diagonal`.
  func triangleMask(rows: Dim, columns: Dim, diagonal: Dim, lower: Bool) throws -> Value {
    if let r = rows.fixed, let c = columns.fixed, let d = diagonal.fixed,
      let count = elementCount([r, c]), count <= 1 << 22
    {
      let flags = (0..<r).flatMap { row in
        (0..<c).map { column in lower ? column - row <= d : column - row >= d }
      }
      return .constant(.numbers(TensorData(bool: flags, shape: [r, c])))
    }
    let row = try mil.expand_dims(x: counting(to: rows), axes: [1])
    let column = try mil.expand_dims(x: counting(to: columns), axes: [0])
    let difference = try mil.sub(x: column, y: row)
    return lower
      ? try mil.less_equal(x: difference, y: .dim(diagonal))
      : try mil.greater_equal(x: difference, y: .dim(diagonal))
  }

  /// Throws where a constant of these extents, which come from the source, is too large to be made.
  func checkStored(_ extents: Int...) throws {
    guard let count = elementCount(extents), count <= 1 << 26 else {
      throw Diagnostic.error(
        .unsupportedArgument, at: origin, "a constant of shape \(extents) is too large to be stored"
      )
    }
  }

  /// `0, 1, ... extent - 1` as int32.
  func counting(to extent: Dim) throws -> Value {
    if let count = extent.fixed {
      try checkStored(count)
      return .ints(Array(0..<count))
    }
    return try refined(mil.range_1d(end: .dim(extent), start: 0, step: 1), [extent])
  }
}
