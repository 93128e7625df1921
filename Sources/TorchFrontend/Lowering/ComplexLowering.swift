// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// Complex tensors, which Core ML lacks: float32 with a last axis of real and imaginary part.
///
/// That is what `view_as_real` shows of one, so the two ways between them are the tensor itself. An
/// operator that is not in the table is refused: it would take the parts for elements.
package enum ComplexLowering {
  typealias Lowering = @Sendable (TorchCall, FunctionBuilder) throws -> [TorchValue]

  static func lower(_ call: TorchCall, _ build: FunctionBuilder) throws -> [TorchValue] {
    guard let lowering = table[call.node.target] else {
      throw Diagnostic.error(
        .unsupportedOperation, at: call.node.location,
        "'\(call.node.target)' of complex tensors is not supported",
        fix: "write it with real and imaginary parts")
    }
    return try lowering(call, build)
  }

  /// A stored complex tensor as real and imaginary parts.
  static func stored(_ source: any WeightSource) throws -> any WeightSource {
    guard let pairs = (source as? FileSource)?.realPairs else {
      throw Diagnostic.error(
        .unsupportedArgument, "a complex weight that is not stored in the archive itself",
        fix: "store its real and imaginary parts")
    }
    return try CastSource.cast(pairs, to: .float32)
  }

  /// The overloads that take or give complex tensors.
  package static var targets: [String] { Array(table.keys) }

  private static let table: [String: Lowering] = {
    var table: [String: Lowering] = transforms
    for target in [
      "aten.view_as_real.default", "aten.view_as_complex.default", "aten.alias.default",
      "aten.detach.default", "aten.lift_fresh.default", "aten.resolve_conj.default",
      "aten.contiguous.default", "aten.to.dtype", "aten.to.dtype_layout", "aten.to.device",
    ] {
      table[target] = { call, _ in [.tensor(try call.tensor("self"))] }
    }
    for target in ["aten.slice.Tensor", "aten.select.int", "aten.unsqueeze.default"] {
      table[target] = { call, build in try onElements(call, build) }
    }
    for target in [
      "aten.view.default", "aten.reshape.default", "aten._unsafe_view.default",
      "aten.flatten.using_ints", "aten.squeeze.dim", "aten.unflatten.int",
    ] {
      table[target] = { call, _ in
        [.tensor(try call.tensor("self").viewed(.reshape(call.resultShape() + [2])))]
      }
    }
    for target in ["aten.expand.default", "aten.expand_as.default"] {
      table[target] = { call, _ in
        [.tensor(try call.tensor("self").viewed(.expand(call.resultShape() + [2])))]
      }
    }
    for (target, names) in ["aten.transpose.int": ("dim0", "dim1")] {
      table[target] = { call, _ in
        let rank = try call.resultShape().count
        var axes = Array(0...rank)
        axes.swapAt(try call.axis(names.0, rank: rank), try call.axis(names.1, rank: rank))
        return [.tensor(try call.tensor("self").viewed(.permute(axes)))]
      }
    }
    table["aten.permute.default"] = { call, _ in
      let rank = try call.resultShape().count
      let axes = try call.axes("dims", rank: rank) + [rank]
      return [.tensor(try call.tensor("self").viewed(.permute(axes)))]
    }
    for (target, part) in ["aten.real.default": 0, "aten.imag.default": 1] {
      table[target] = { call, build in
        let rank = try build.rank(of: call.value("self"))
        let step = ViewStep.select(axis: rank - 1, index: .fixed(part))
        return [.tensor(try call.tensor("self").viewed(step))]
      }
    }
    for (target, make) in arithmetic {
      table[target] = { call, build in
        let value = try make(call, build)
        return [.tensor(TorchTensor(value, dtype: .float32))]
      }
    }
    return table
  }()

  /// A view along axes of the elements: the axis of the parts is the last and stays.
  private static func onElements(
    _ call: TorchCall, _ build: FunctionBuilder
  ) throws -> [TorchValue] {
    guard let lowering = ATenLowering.table[call.node.target],
      let rank = call.operandMetas["self"]?.sizes.count
    else { throw call.fault("the shape of 'self' is not recorded") }
    var arguments = call.arguments
    let isNew = call.node.operatorName == "unsqueeze"
    arguments["dim"] = .dim(
      .fixed(try call.axis("dim", rank: rank + (isNew ? 1 : 0), default: 0)))
    let inner = TorchCall(
      node: call.node, arguments: arguments, metas: call.metas, operandMetas: call.operandMetas,
      build: build)
    return try lowering.lower(inner, build)
  }

  private typealias Arithmetic = @Sendable (TorchCall, FunctionBuilder) throws -> Value

  private static let arithmetic: [String: Arithmetic] = [
    "aten.clone.default": { call, _ in try call.value("self") },
    "aten.mul.Tensor": { call, build in
      if let factor = try realOperand(call, build) {
        return try build.mil.mul(x: factor.complex, y: factor.real)
      }
      let (a, b) = (try build.parts(call.value("self")), try build.parts(call.value("other")))
      let real = try build.mil.sub(
        x: build.mil.mul(x: a.real, y: b.real), y: build.mil.mul(x: a.imaginary, y: b.imaginary))
      let imaginary = try build.mil.add(
        x: build.mil.mul(x: a.real, y: b.imaginary), y: build.mil.mul(x: a.imaginary, y: b.real))
      return try build.joined(real, imaginary)
    },
    "aten.div.Tensor": { call, build in
      guard call.operandMetas["self"]?.dtype.isComplex == true,
        let divisor = try realOperand(call, build)
      else { throw call.fault("a division by a complex tensor is not supported") }
      return try build.mil.real_div(x: divisor.complex, y: divisor.real)
    },
    "aten.add.Tensor": { call, build in try sum(call, build, sign: 1) },
    "aten.sub.Tensor": { call, build in try sum(call, build, sign: -1) },
    "aten.neg.default": { call, build in try build.mil.mul(x: call.value("self"), y: -1.0) },
    "aten.conj.default": { call, build in try build.conjugate(call.value("self")) },
    "aten._conj.default": { call, build in try build.conjugate(call.value("self")) },
    "aten.conj_physical.default": { call, build in try build.conjugate(call.value("self")) },
    "aten.abs.default": { call, build in
      let x = try build.parts(call.value("self"))
      return try build.mil.sqrt(
        x: build.mil.add(
          x: build.mil.mul(x: x.real, y: x.real),
          y: build.mil.mul(x: x.imaginary, y: x.imaginary)))
    },
    "aten.polar.default": { call, build in
      let (length, angle) = (try call.floatValue("abs"), try call.floatValue("angle"))
      return try build.joined(
        build.mil.mul(x: length, y: build.mil.cos(x: angle)),
        build.mil.mul(x: length, y: build.mil.sin(x: angle)))
    },
    "aten.complex.default": { call, build in
      try build.joined(call.floatValue("real"), call.floatValue("imag"))
    },
    "aten.index_select.default": { call, build in
      let rank = try call.resultShape().count
      return try build.gather(
        call.value("self"), call.value("index"), axis: call.axis("dim", rank: rank))
    },
    "aten.index.Tensor": { call, build in
      let indices = try call.optionalTensors("indices")
      guard indices.count == 1, let index = indices[0], index.dtype == .int32 else {
        throw call.fault("only the first axis of a complex tensor can be indexed")
      }
      return try build.gather(call.value("self"), index.value(build), axis: 0)
    },
    "aten.cat.default": { call, build in
      let rank = try call.resultShape().count
      return try build.mil.concat(
        values: .many(call.values("tensors")),
        axis: .int(call.axis("dim", rank: rank, default: 0)))
    },
  ]

  /// The complex and the real operand, the latter with an axis for the parts; `nil` where both are
  /// complex.
  private static func realOperand(
    _ call: TorchCall, _ build: FunctionBuilder
  ) throws -> (complex: Value, real: Value)? {
    let names = ["self", "other"].filter { call.operandMetas[$0]?.dtype.isComplex == true }
    guard let name = names.first, names.count == 1 else { return nil }
    let real = try call.operand(name == "self" ? "other" : "self", as: .float32)
    let rank = try build.rank(of: real)
    let wide = rank == 0 ? real : try build.mil.expand_dims(x: real, axes: .ints([rank]))
    return (try call.value(name), wide)
  }

  private static func sum(
    _ call: TorchCall, _ build: FunctionBuilder, sign: Double
  ) throws -> Value {
    guard ["self", "other"].allSatisfy({ call.operandMetas[$0]?.dtype.isComplex == true }) else {
      throw call.fault("the sum of a complex and a real tensor is not supported")
    }
    let factor = try sign * call.float("alpha", default: 1)
    let other = try call.value("other")
    return try build.mil.add(
      x: call.value("self"),
      y: factor == 1 ? other : build.mil.mul(x: other, y: .float(factor)))
  }
}

extension TorchCall {
  /// Whether an operand or a result is complex.
  var isComplex: Bool {
    operandMetas.values.contains { $0.dtype.isComplex }
      || metas.contains { $0?.dtype.isComplex ?? false }
  }
}

extension FunctionBuilder {
  /// Real and imaginary parts, without their axis.
  func parts(_ x: Value) throws -> (real: Value, imaginary: Value) {
    let axis = try rank(of: x) - 1
    return (
      try ViewStep.select(axis: axis, index: 0).apply(to: x, self),
      try ViewStep.select(axis: axis, index: 1).apply(to: x, self)
    )
  }

  func joined(_ real: Value, _ imaginary: Value) throws -> Value {
    try mil.stack(values: .many([real, imaginary]), axis: .int(rank(of: real)))
  }

  func conjugate(_ x: Value) throws -> Value {
    try mil.mul(x: x, y: .constant(.numbers(TensorData(float32: [1, -1]))))
  }
}
