// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL

extension ATenLowering {
  /// Running reductions along an axis, other than the sum, which MIL has.
  static let cumulative: [ATenLowering] = [
    ATenLowering("aten.cumprod.default") { call, build in
      let x = try build.convert(call.value("self"), to: call.resultDType())
      return try build.scan(x, call) { try build.mil.mul(x: $0, y: $1) }
    },
    ATenLowering("aten.logcumsumexp.default") { call, build in
      try build.scan(call.floatValue("self"), call) { try build.logAddExp($0, $1) }
    },
    .several("aten.cummax.default") { call, build in try extremum(call, build, "maximum") },
    .several("aten.cummin.default") { call, build in try extremum(call, build, "minimum") },
  ]

  /// The running extremum and the last place that held it.
  private static func extremum(
    _ call: TorchCall, _ build: FunctionBuilder, _ mil: String
  ) throws -> [Value] {
    let x = try call.numericValue("self")
    let shape = try build.shape(of: x)
    if shape.isEmpty { return [x, .int(0)] }
    let values = try build.scan(x, call) { try build.emit(mil, ["x": $0, "y": $1])[0] }
    let axis = try call.axis("dim", rank: shape.count)
    let trailing = Array(repeating: Dim.fixed(1), count: shape.count - axis - 1)
    let places = try build.expand(
      build.reshape(build.counting(to: shape[axis]), to: [shape[axis]] + trailing), to: shape)
    let isNew = try build.mil.equal(x: x, y: values)
    let marks = try build.mil.mul(x: places, y: build.cast(isNew, to: .int32))
    return [values, try build.scan(marks, call) { try build.mil.maximum(x: $0, y: $1) }]
  }
}

extension FunctionBuilder {
  /// The running `combine` (associative) of `x` along the argument `dim`, in log2(extent) steps.
  func scan(
    _ x: Value, _ call: TorchCall, _ combine: (Value, Value) throws -> Value
  ) throws -> Value {
    let shape = try self.shape(of: x)
    if shape.isEmpty { return x }
    let axis = try call.axis("dim", rank: shape.count)
    guard let extent = shape[axis].fixed else {
      throw call.fault(
        "'\(call.node.operatorName)' along a flexible axis is not supported",
        fix: "export with a fixed size")
    }
    var y = x
    var reach = 1
    while reach < extent {
      let head = try part(y, axis: axis, from: 0, count: .fixed(reach))
      let early = try part(y, axis: axis, from: 0, count: .fixed(extent - reach))
      let late = try part(y, axis: axis, from: .fixed(reach), count: .fixed(extent - reach))
      y = try mil.concat(values: .many([head, combine(early, late)]), axis: .int(axis))
      reach *= 2
    }
    return y
  }

  /// `count` elements of an axis from `from`.
  func part(_ x: Value, axis: Int, from: Dim, count: Dim, step: Int = 1) throws -> Value {
    try ViewStep.slice(axis: axis, start: from, extent: count, step: step).apply(to: x, self)
  }
}
