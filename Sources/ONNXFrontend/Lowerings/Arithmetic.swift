// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension ONNXLowering {
  /// Arithmetic on pairs of elements; shapes broadcast.
  static let arithmetic: [ONNXLowering] =
    [
      binary("Add", "add", .init(integers: { $0 + $1 }, floats: { $0 + $1 })),
      binary("Sub", "sub", .init(integers: { $0 - $1 }, floats: { $0 - $1 })),
      binary("Mul", "mul", .init(integers: { $0 * $1 }, floats: { $0 * $1 })),
    ] + [div, mod, pow]

  /// Integers narrower than 32 bits wrap.
  private static func binary(
    _ source: String, _ mil: String, _ known: Known.Binary
  ) -> ONNXLowering {
    ONNXLowering(source, since: 7, "A B", fold: { try $0.folded(known) }) { node, build in
      let y = try build.emit(mil, ["x": node.value("A"), "y": node.value("B")])[0]
      return try build.wrapped(y, node.dtype("A"))
    }
  }

  /// The quotient of integers loses its fraction, toward zero.
  private static let div = ONNXLowering(
    "Div", since: 7, "A B",
    fold: { try $0.folded(.init(integers: Known.quotient, floats: { $0 / $1 })) }
  ) { node, build in
    let (a, b) = (try node.value("A"), try node.value("B"))
    if try build.dtype(of: a).isFloat { return try build.mil.real_div(x: a, y: b) }
    if try node.dtype("A").isUnsignedInteger { return try build.mil.floor_div(x: a, y: b) }
    let magnitude = try build.mil.floor_div(x: build.mil.abs(x: a), y: build.mil.abs(x: b))
    let sign = try build.mil.mul(x: build.mil.sign(x: a), y: build.mil.sign(x: b))
    return try build.mil.mul(x: magnitude, y: sign)
  }

  /// The remainder has the sign of the divisor; with `fmod`, that of the dividend.
  private static let mod = ONNXLowering(
    "Mod", since: 10, "A B", attributes: "fmod",
    fold: { node in
      try node.flag("fmod")
        ? nil : node.folded(.init(integers: { $1.fixed == 0 ? nil : .mod($0, $1) }))
    }
  ) { node, build in
    let (a, b) = (try node.value("A"), try node.value("B"))
    guard try node.flag("fmod") else { return try build.mil.mod(x: a, y: b) }
    let magnitude = try build.mil.mod(x: build.mil.abs(x: a), y: build.mil.abs(x: b))
    return try build.mil.mul(x: build.mil.sign(x: a), y: magnitude)
  }

  /// The result has the type of the base.
  private static let pow = ONNXLowering(
    "Pow", since: 7, "X Y",
    fold: { try $0.folded(.init(floats: { Double(powf(Float($0), Float($1))) })) }
  ) { node, build in
    let (x, y) = (try node.value("X"), try node.value("Y"))
    let (base, exponent) = (try build.dtype(of: x), try build.dtype(of: y))
    if base.isFloat {
      let power = try node.known("Y")?.doubles ?? []
      if power.count == 1, try node.rank("Y") <= node.rank("X") {
        if power[0] == 2 { return try build.mil.square(x: x) }
        if power[0] == 0.5 { return try build.mil.sqrt(x: x) }
      }
      return try build.mil.pow(x: x, y: build.cast(y, to: base))
    }
    if !exponent.isFloat {
      return try build.wrapped(build.mil.pow(x: x, y: y), node.dtype("X"))
    }
    let power = try build.mil.pow(x: build.cast(x, to: exponent), y: y)
    return try build.cast(power, to: base)
  }
}

extension NodeCall {
  /// The result on elements that are known, where both operands are.
  func folded(_ operation: Known.Binary) throws -> Known? {
    guard inputs.count == 2, let a = try known(row.inputs[0].name),
      let b = try known(row.inputs[1].name)
    else { return nil }
    return Known.combine(a, b, by: operation)
  }
}
