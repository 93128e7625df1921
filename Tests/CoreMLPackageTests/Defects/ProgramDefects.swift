// SPDX-License-Identifier: Apache-2.0
import Containers

/// What can be wrong with the operations, values and types of a program.
enum ProgramDefects {
  static let all: [Defect] = names + types + constants + shapes

  static let names: [Defect] = [
    .model("an operand that nothing defines", "") {
      $0.editOperation("relu_cast_fp16") { $0.bind("x", "nowhere") }
    },
    .model("an operand that is defined later", "") {
      $0.editOperation("relu_cast_fp16") { $0.bind("x", "softmax") }
    },
    .model("a cycle of two operations", "") {
      $0.editOperation("linear_0_cast_fp16") { $0.bind("x", "relu_cast_fp16") }
    },
    .model("an operation that reads itself", "") {
      $0.editOperation("relu_cast_fp16") { $0.bind("x", "relu_cast_fp16") }
    },
    .model("an operand bound to nothing", "") {
      $0.editOperation("relu_cast_fp16") { operation in
        operation.editEntry("inputs", "x") { $0.editElement("arguments") { $0.clear("name") } }
      }
    },
    .model("an operand twice", "") {
      $0.editOperation("relu_cast_fp16") { $0.repeatEntry("inputs", "x") }
    },
    .model("an attribute twice", "") {
      $0.editOperation("relu_cast_fp16") { $0.repeatEntry("attributes", "name") }
    },
    .model("an operand that is an attribute too", in: "int8-channel-iOS16", "") { model in
      model.editBody { body in
        var list = body.messages("operations")
        for index in list.indices where list[index].string("type") == "constexpr_affine_dequantize"
        {
          list[index].bind("axis", "input")
        }
        body.set("operations", list)
      }
    },
    .model("an operation without a type", "") {
      $0.editOperation("relu_cast_fp16") { $0.clear("type") }
    },
    .model("a value defined twice", "") {
      $0.editOperation("relu_cast_fp16") { operation in
        operation.editElement("outputs") { $0.set("name", "linear_0_cast_fp16") }
      }
    },
    .model("a value named as an input", "") {
      $0.editOperation("relu_cast_fp16") { operation in
        operation.editElement("outputs") { $0.set("name", "input") }
      }
    },
    .model("an input twice", "") {
      $0.editFunction { $0.set("inputs", $0.messages("inputs") + $0.messages("inputs")) }
    },
    .model("an input without a name in the program", "") {
      $0.editFunction { $0.editElement("inputs") { $0.clear("name") } }
    },
    .model("a value without a name", "") {
      $0.editOperation("relu_cast_fp16") { $0.editElement("outputs") { $0.clear("name") } }
    },
    .model("an output that nothing defines", "") {
      $0.editBody { $0.set("outputs", ["nowhere"]) }
    },
    .model("a name of a million letters", "") {
      $0.editOperation("relu_cast_fp16") { $0.bind("x", String(repeating: "n", count: 1_000_000)) }
    },
    .model("a name with line ends and escape sequences", "") {
      $0.editOperation("relu_cast_fp16") { $0.bind("x", "a\nerror: b\u{1b}[2J\r\u{202e}c") }
    },
  ]

  static let types: [Defect] = [
    .model("a value without a type", "") {
      $0.editOperation("relu_cast_fp16") { $0.editElement("outputs") { $0.clear("type") } }
    },
    .model("a value of an empty type", "") {
      $0.editOperation("relu_cast_fp16") {
        $0.editElement("outputs") { $0.edit("type") { $0.clear("tensorType") } }
      }
    },
    .model("an unknown dtype", "") { $0.editType("relu_cast_fp16") { $0.set("dataType", 99) } },
    .model("no dtype", "") { $0.editType("relu_cast_fp16") { $0.clear("dataType") } },
    .model("a rank of -1", exit: 69, "") { $0.editType("relu_cast_fp16") { $0.set("rank", -1) } },
    .model("a rank of 2^63 - 1", "") {
      $0.editType("relu_cast_fp16") { $0.set("rank", Int64.max) }
    },
    .model("a rank that is not the number of dimensions", "") {
      $0.editType("relu_cast_fp16") { $0.set("rank", 3) }
    },
    .model("a dimension that is none", "") {
      $0.editType("relu_cast_fp16") { $0.editElement("dimensions") { $0.clear("constant") } }
    },
    .model("an extent of 2^64 - 1", "") {
      $0.editType("relu_cast_fp16") { $0.setDimensions([UInt64.max, 1]) }
    },
    .model("a value of 2^63 elements", "") {
      $0.editType("relu_cast_fp16") { $0.setDimensions([1 << 62, 2]) }
    },
    .model("a value of 2^64 elements beside an empty axis", "") {
      $0.editType("relu_cast_fp16") { $0.setDimensions([1 << 32, 0, 1 << 32]) }
    },
    .model("a list without an element type", "") {
      $0.editOperation("relu_cast_fp16") { operation in
        operation.editElement("outputs") { output in
          output.edit("type") { $0.set("listType", $0.empty("listType")) }
        }
      }
    },
    .model("a state of a list", in: "accumulator-iOS18", "") {
      $0.editFunction { function in
        function.editElement("inputs", 1) { input in
          input.edit("type") {
            $0.edit("stateType") {
              $0.edit("wrappedType") { type in
                let element = type
                type.edit("listType") { $0.set("type", element) }
              }
            }
          }
        }
      }
    },
  ]

  static let constants: [Defect] = [
    .model("a constant without a value", "") {
      $0.editOperation("const_3") { $0.removeEntry("attributes", "val") }
    },
    .model("a constant of nothing", "") {
      $0.editConstant("const_3") { $0.clear("immediateValue") }
    },
    .model("a constant without a type", "") { $0.editConstant("const_3") { $0.clear("type") } },
    .model("a constant of an empty value", "") {
      $0.editConstant("const_3") { $0.edit("immediateValue") { $0.clear("tensor") } }
    },
    .model("a constant with two results", "") {
      $0.editOperation("const_3") { operation in
        operation.add("outputs") { $0.set("name", "other") }
      }
    },
    .model("a constant without a result", "") {
      $0.editOperation("const_3") { $0.clear("outputs") }
    },
    .model("a constant declared as another dtype", "") {
      $0.editType("const_3") { $0.set("dataType", 11) }
    },
    .model("a constant declared with another shape", "") {
      $0.editType("const_3") { $0.setDimensions([2]) }
    },
    .model("a constant of unknown shape", "") {
      $0.editConstant("const_3") {
        $0.edit("type") { $0.edit("tensorType") { $0.setDimensions([nil]) } }
      }
    },
    .model("a constant of 2^62 elements", "") {
      $0.editConstant("const_3") {
        $0.edit("type") { $0.edit("tensorType") { $0.setDimensions([1 << 62]) } }
      }
    },
    .model("a constant with too many elements", "") {
      $0.editConstant("const_3") { $0.editTensor { $0.edit("ints") { $0.set("values", [1, 2]) } } }
    },
    .model("a constant without elements", "") {
      $0.editConstant("const_3") { $0.editTensor { $0.edit("ints") { $0.clear("values") } } }
    },
    .model("a constant of the wrong elements", "") {
      $0.editConstant("const_3") {
        $0.editTensor { $0.edit("floats") { $0.set("values", [1] as [Float]) } }
      }
    },
    .model("a constant of too few bytes", "") {
      $0.editConstant("const_1_to_fp16") {
        $0.editTensor { $0.edit("bytes") { $0.set("values", [1] as [UInt8]) } }
      }
    },
    .model("a constant beyond its dtype", "") {
      $0.editConstant("const_3") { constant in
        constant.edit("type") { $0.edit("tensorType") { $0.set("dataType", 22) } }
        constant.editTensor { $0.edit("ints") { $0.set("values", [70000]) } }
      }
    },
    .model("a constant of two strings for one", "") {
      $0.editConstant("input_to_fp16_dtype_0") {
        $0.editTensor { $0.edit("strings") { $0.set("values", ["fp16", "fp32"]) } }
      }
    },
    .model("a list that holds a tensor", "") {
      $0.editConstant("const_3") { constant in
        constant.edit("type") { type in
          let element = type
          type.edit("listType") { $0.set("type", element) }
        }
      }
    },
    .model("a name that is no constant", "") {
      $0.editOperation("relu_cast_fp16") { operation in
        operation.editEntry("attributes", "name") { $0.clear("immediateValue") }
      }
    },
  ]

  /// Read, but not run.
  static let shapes: [Defect] = [
    .program("an operation that does not exist", exit: 69, "") {
      $0.editOperation("relu_cast_fp16") { $0.set("type", "frobnicate") }
    },
    .program("an operand that is missing", "") {
      $0.editOperation("relu_cast_fp16") { $0.clear("inputs") }
    },
    .program("an operand that the operation does not have", "") {
      $0.editOperation("relu_cast_fp16") { $0.bind("y", "input") }
    },
    .program("an operand bound to two values", "") {
      $0.editOperation("relu_cast_fp16") { $0.bind("x", "input_to_fp16", "linear_0_cast_fp16") }
    },
    .program("an operation with a result too many", "") {
      $0.editOperation("relu_cast_fp16") {
        $0.set("outputs", $0.messages("outputs") + $0.renamed("other"))
      }
    },
    .program("an operation without a result", "") {
      $0.editOperation("relu_cast_fp16") { $0.clear("outputs") }
      $0.editOperation("layer_norm_cast_fp16") { $0.bind("x", "linear_0_cast_fp16") }
    },
    .program("operands of two dtypes", in: "accumulator-iOS18", "") {
      $0.editOperation("add_cast_fp16") { $0.bind("y", "x") }
    },
    .program("a string where numbers belong", "") {
      $0.editOperation("relu_cast_fp16") { $0.bind("x", "input_to_fp16_dtype_0") }
    },
    .program("a result of another dtype", "") {
      $0.editType("relu_cast_fp16") { $0.set("dataType", 11) }
    },
    .program("a result of another shape", "") {
      $0.editType("relu_cast_fp16") { $0.setDimensions([3, 31]) }
    },
    .program("a result of 2^62 elements", "") {
      $0.editType("relu_cast_fp16") { $0.setDimensions([1 << 31, 1 << 31]) }
    },
    .program("matrices that do not fit", "") {
      $0.editOperation("linear_1_cast_fp16") { $0.bind("weight", "p_2_weight_to_fp16") }
    },
    .program("an axis that does not exist", "") {
      $0.editConstant("const_3") { $0.editTensor { $0.edit("ints") { $0.set("values", [7]) } } }
    },
    .program("a dtype that is no word", "") {
      $0.editConstant("input_to_fp16_dtype_0") {
        $0.editTensor { $0.edit("strings") { $0.set("values", ["fp17"]) } }
      }
    },
    .program("a state as an operand of numbers", in: "accumulator-iOS18", "") {
      $0.editOperation("add_cast_fp16") { $0.bind("x", "accumulator") }
    },
    .program("a tensor as an operand of states", in: "accumulator-iOS18", "") {
      $0.editOperation("read_state_0") { $0.bind("input", "x") }
    },
    .program("a state updated with another shape", in: "accumulator-iOS18", "") {
      $0.editOperation("coreml_update_state_1_write_state") { $0.bind("data", "x") }
    },
    .program("a condition with one block", in: "accumulator-iOS18", "") {
      $0.editOperation("mul") {
        $0.set("type", "cond")
        $0.bind("pred", "x")
        var block = ProtoMessage(.milBlock)
        block.set("outputs", ["add_cast_fp16"])
        $0.set("blocks", [block])
      }
    },
    .program("a loop over nothing", in: "accumulator-iOS18", "") {
      $0.editOperation("mul") {
        $0.set("type", "while_loop")
        $0.bind("loop_vars", "x")
        var block = ProtoMessage(.milBlock)
        block.set("outputs", ["x"])
        $0.set("blocks", [block, block])
      }
    },
    .program("blocks of a scale that do not divide a weight", in: "int4-block-iOS18", "") {
      $0.editOperation("p_0_weight_to_fp16_quantized") { operation in
        operation.editEntry("inputs", "scale") { argument in
          argument.editElement("arguments") { binding in
            binding.edit("value") { value in
              value.edit("type") { $0.edit("tensorType") { $0.setDimensions([1, 128]) } }
            }
          }
        }
      }
    },
  ]
}

extension ProtoMessage {
  /// In a constant: changes the tensor in place.
  fileprivate mutating func editTensor(_ body: (inout ProtoMessage) -> Void) {
    edit("immediateValue") { $0.edit("tensor", body) }
  }

  /// In an operation: its first result under another name.
  fileprivate func renamed(_ name: String) -> [ProtoMessage] {
    messages("outputs").prefix(1).map { output in
      var copy = output
      copy.set("name", name)
      return copy
    }
  }
}
