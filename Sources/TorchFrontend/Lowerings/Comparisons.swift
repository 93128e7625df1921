// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ATenLowering {
  /// Comparisons and logic, which give booleans.
  static let comparisons: [ATenLowering] =
    [
      ("eq", "equal"), ("ne", "not_equal"), ("gt", "greater"), ("ge", "greater_equal"),
      ("lt", "less"), ("le", "less_equal"), ("greater", "greater"), ("less", "less"),
    ].map { comparison($0.0, $0.1) }
    + [
      logic("and", "logical_and"), logic("or", "logical_or"), logic("xor", "logical_xor"),
      ATenLowering("aten.logical_not.default") { call, build in
        try build.mil.logical_not(x: build.cast(call.value("self"), to: .bool))
      },
      ATenLowering("aten.bitwise_not.default") { call, build in
        let x = try call.value("self")
        if try build.dtype(of: x) == .bool { return try build.mil.logical_not(x: x) }
        // Two's complement: ~x = -x - 1.
        return try build.mil.sub(x: build.mil.mul(x: x, y: -1), y: 1)
      },
      ATenLowering("aten.isinf.default") { call, build in
        let size = try build.mil.abs(x: call.floatValue("self"))
        return try build.mil.equal(x: size, y: .float(.infinity))
      },
      ATenLowering("aten.isfinite.default") { call, build in
        let size = try build.mil.abs(x: call.floatValue("self"))
        return try build.mil.less(x: size, y: .float(.infinity))
      },
    ]

  private static func comparison(_ aten: String, _ mil: String) -> ATenLowering {
    ATenLowering("aten.\(aten).Tensor", "aten.\(aten).Scalar") { call, build in
      let (x, y) = try call.promoted("self", "other")
      return try build.emit(mil, ["x": x, "y": y])[0]
    }
  }

  /// `logical_*` of anything and `bitwise_*` of booleans.
  private static func logic(_ name: String, _ mil: String) -> ATenLowering {
    ATenLowering(
      "aten.logical_\(name).default", "aten.bitwise_\(name).Tensor", "aten.bitwise_\(name).Scalar",
      "aten.__\(name)__.Tensor", "aten.__\(name)__.Scalar"
    ) { call, build in
      let isBitwise = !call.node.target.contains("logical_")
      if isBitwise, try call.resultDType() != .bool {
        throw call.fault(
          "'\(call.node.target)' of integers is not supported: MIL has no bitwise operations",
          fix: "use arithmetic or boolean tensors")
      }
      return try build.emit(
        mil, ["x": call.operand("self", as: .bool), "y": call.operand("other", as: .bool)])[0]
    }
  }
}
