// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let constant: [ONNXLowering] = [
    .custom(
      "Constant", "",
      attributes: "value value_float value_floats value_int value_ints value_string value_strings "
        + "sparse_value"
    ) { node, build in
      if let tensor = try node.tensor("value") {
        var named = tensor
        named.name = node.node.name
        return [node.lowering.constant(named)]
      }
      if let value = try node.optionalInt("value_int") {
        return [ONNXValue(Known(scalar: .fixed(value)), .int64)]
      }
      if let values = try node.ints("value_ints") {
        return [ONNXValue(Known(ints: values), .int64)]
      }
      if let value = try node.optionalFloat("value_float") {
        return [ONNXValue(Known([], .floats([value])), .float32)]
      }
      if let values = try node.floats("value_floats") {
        return [ONNXValue(Known([values.count], .floats(values)), .float32)]
      }
      if node.has(attribute: "value_string") || node.has(attribute: "value_strings") {
        return [ONNXValue(.unreadable("a string"), .string)]
      }
      if node.has(attribute: "sparse_value") {
        throw node.fault(
          .unsupportedType, "attribute 'sparse_value' is not supported",
          fix: "store the constant as a dense tensor")
      }
      throw node.fault(.malformed, "has no value")
    }
  ]
}
