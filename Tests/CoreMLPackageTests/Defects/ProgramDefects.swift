// SPDX-License-Identifier: Apache-2.0
import Containers

/// What can be wrong with the operations, values and types of a program.
enum ProgramDefects {
  static let all: [Defect] = names + types + constants + shapes

  static let names: [Defect] = [
    .model(
      "an operand that nothing defines",
      "relu 'relu_cast_fp16': the operand 'x' is 'nowhere', which nothing defines"
    ) {
      $0.editOperation("relu_cast_fp16") { $0.bind("x", "nowhere") }
    },
    .model(
      "an operand that is defined later",
      "relu 'relu_cast_fp16': the operand 'x' is 'softmax', which is not defined before it"
    ) {
      $0.editOperation("relu_cast_fp16") { $0.bind("x", "softmax") }
    },
    .model(
      "a cycle of two operations",
      "linear 'linear_0_cast_fp16': the operand 'x' is 'relu_cast_fp16', which is not defined before it"
    ) {
      $0.editOperation("linear_0_cast_fp16") { $0.bind("x", "relu_cast_fp16") }
    },
    .model(
      "an operation that reads itself",
      "relu 'relu_cast_fp16': the operand 'x' is 'relu_cast_fp16', which is not defined before it"
    ) {
      $0.editOperation("relu_cast_fp16") { $0.bind("x", "relu_cast_fp16") }
    },
    .model(
      "an operand bound to nothing", "relu 'relu_cast_fp16': the operand 'x' is bound to nothing"
    ) {
      $0.editOperation("relu_cast_fp16") { operation in
        operation.editEntry("inputs", "x") { $0.editElement("arguments") { $0.clear("name") } }
      }
    },
    .model("an operand twice", "relu 'relu_cast_fp16': the operation has 'x' twice in its inputs") {
      $0.editOperation("relu_cast_fp16") { $0.repeatEntry("inputs", "x") }
    },
    .model(
      "an attribute twice",
      "relu 'relu_cast_fp16': the operation has 'name' twice in its attributes"
    ) {
      $0.editOperation("relu_cast_fp16") { $0.repeatEntry("attributes", "name") }
    },
    .model(
      "an operand that is an attribute too", in: "int8-channel-iOS16",
      "constexpr_affine_dequantize 'p_0_weight_quantized': 'axis' is both an operand and an attribute"
    ) { model in
      model.editBody { body in
        var list = body.messages("operations")
        for index in list.indices where list[index].string("type") == "constexpr_affine_dequantize"
        {
          list[index].bind("axis", "input")
        }
        body.set("operations", list)
      }
    },
    .model("an operation without a type", "'relu_cast_fp16': an operation has no type") {
      $0.editOperation("relu_cast_fp16") { $0.clear("type") }
    },
    .model("a value defined twice", "relu 'relu_cast_fp16': 'linear_0_cast_fp16' is defined twice")
    {
      $0.editOperation("relu_cast_fp16") { operation in
        operation.editElement("outputs") { $0.set("name", "linear_0_cast_fp16") }
      }
    },
    .model("a value named as an input", "relu 'relu_cast_fp16': 'input' is defined twice") {
      $0.editOperation("relu_cast_fp16") { operation in
        operation.editElement("outputs") { $0.set("name", "input") }
      }
    },
    .model("an input twice", "'input' is defined twice") {
      $0.editFunction { $0.set("inputs", $0.messages("inputs") + $0.messages("inputs")) }
    },
    .model("an input without a name in the program", "the input has no name") {
      $0.editFunction { $0.editElement("inputs") { $0.clear("name") } }
    },
    .model("a value without a name", "relu 'relu_cast_fp16': the result has no name") {
      $0.editOperation("relu_cast_fp16") { $0.editElement("outputs") { $0.clear("name") } }
    },
    .model(
      "an output that nothing defines",
      "the function 'main' returns 'nowhere', which nothing defines"
    ) {
      $0.editBody { $0.set("outputs", ["nowhere"]) }
    },
    .model(
      "a name of a million letters",
      "relu 'relu_cast_fp16': the operand 'x' is '" + String(repeating: "n", count: 680) + " … "
        + String(repeating: "n", count: 276) + "', which nothing defines"
    ) {
      $0.editOperation("relu_cast_fp16") { $0.bind("x", String(repeating: "n", count: 1_000_000)) }
    },
    .model(
      "a name with line ends and escape sequences",
      "relu 'relu_cast_fp16': the operand 'x' is 'a\\nerror: b\\u{1B}[2J\\r\\u{202E}c', which nothing defines"
    ) {
      $0.editOperation("relu_cast_fp16") { $0.bind("x", "a\nerror: b\u{1b}[2J\r\u{202e}c") }
    },
  ]

  static let types: [Defect] = [
    .model(
      "a value without a type", "relu 'relu_cast_fp16': the result 'relu_cast_fp16' has no type"
    ) {
      $0.editOperation("relu_cast_fp16") { $0.editElement("outputs") { $0.clear("type") } }
    },
    .model(
      "a value of an empty type", "relu 'relu_cast_fp16': the result 'relu_cast_fp16' has no type"
    ) {
      $0.editOperation("relu_cast_fp16") {
        $0.editElement("outputs") { $0.edit("type") { $0.clear("tensorType") } }
      }
    },
    .model(
      "an unknown dtype",
      "relu 'relu_cast_fp16': the result 'relu_cast_fp16' has the unknown dtype code 99"
    ) { $0.editType("relu_cast_fp16") { $0.set("dataType", 99) } },
    .model(
      "no dtype", "relu 'relu_cast_fp16': the result 'relu_cast_fp16' has the unknown dtype code 0"
    ) { $0.editType("relu_cast_fp16") { $0.clear("dataType") } },
    .model(
      "a rank of -1", exit: 69,
      "relu 'relu_cast_fp16': the result 'relu_cast_fp16' is a tensor of unknown rank, which is not supported"
    ) { $0.editType("relu_cast_fp16") { $0.set("rank", -1) } },
    .model(
      "a rank of 2^63 - 1",
      "relu 'relu_cast_fp16': the result 'relu_cast_fp16' has rank 9223372036854775807 but 2 dimensions"
    ) {
      $0.editType("relu_cast_fp16") { $0.set("rank", Int64.max) }
    },
    .model(
      "a rank that is not the number of dimensions",
      "relu 'relu_cast_fp16': the result 'relu_cast_fp16' has rank 3 but 2 dimensions"
    ) {
      $0.editType("relu_cast_fp16") { $0.set("rank", 3) }
    },
    .model(
      "a dimension that is none",
      "relu 'relu_cast_fp16': the result 'relu_cast_fp16' has a dimension that is neither a number nor unknown"
    ) {
      $0.editType("relu_cast_fp16") { $0.editElement("dimensions") { $0.clear("constant") } }
    },
    .model(
      "an extent of 2^64 - 1",
      "relu 'relu_cast_fp16': the result 'relu_cast_fp16' has an extent of 18446744073709551615"
    ) {
      $0.editType("relu_cast_fp16") { $0.setDimensions([UInt64.max, 1]) }
    },
    .model(
      "a value of 2^63 elements",
      "relu 'relu_cast_fp16': the result 'relu_cast_fp16' has shape [4611686018427387904, 2], which has too many elements"
    ) {
      $0.editType("relu_cast_fp16") { $0.setDimensions([1 << 62, 2]) }
    },
    .program(
      "a value of 2^64 elements beside an empty axis",
      "relu 'relu_cast_fp16': relu: gives float16[3, 32] where the program declares "
        + "float16[4294967296, 0, 4294967296]"
    ) {
      $0.editType("relu_cast_fp16") { $0.setDimensions([1 << 32, 0, 1 << 32]) }
    },
    .model(
      "a list without an element type",
      "relu 'relu_cast_fp16': the result 'relu_cast_fp16' has no type"
    ) {
      $0.editOperation("relu_cast_fp16") { operation in
        operation.editElement("outputs") { output in
          output.edit("type") { $0.set("listType", $0.empty("listType")) }
        }
      }
    },
    .model(
      "a state of a list", in: "accumulator-iOS18",
      "the input 'accumulator' is a state of something that is no tensor"
    ) {
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
    .model("a constant without a value", "const 'const_3': a constant has no 'val'") {
      $0.editOperation("const_3") { $0.removeEntry("attributes", "val") }
    },
    .model(
      "a constant of nothing",
      "const 'const_3': the attribute 'val' has neither an immediate value nor one in a file"
    ) {
      $0.editConstant("const_3") { $0.clear("immediateValue") }
    },
    .model("a constant without a type", "const 'const_3': the attribute 'val' has no type") {
      $0.editConstant("const_3") { $0.clear("type") }
    },
    .model(
      "a constant of an empty value",
      "const 'const_3': the attribute 'val' has an empty immediate value"
    ) {
      $0.editConstant("const_3") { $0.edit("immediateValue") { $0.clear("tensor") } }
    },
    .model("a constant with two results", "const 'const_3': a constant has 2 results") {
      $0.editOperation("const_3") { operation in
        operation.add("outputs") { $0.set("name", "other") }
      }
    },
    .model("a constant without a result", "const 'const_3': a constant has 0 results") {
      $0.editOperation("const_3") { $0.clear("outputs") }
    },
    .model(
      "a constant declared as another dtype",
      "const 'const_3': it is declared float32[] but its value is int32[]"
    ) {
      $0.editType("const_3") { $0.set("dataType", 11) }
    },
    .model(
      "a constant declared with another shape",
      "const 'const_3': it is declared int32[2] but its value is int32[]"
    ) {
      $0.editType("const_3") { $0.setDimensions([2]) }
    },
    .model(
      "a constant of unknown shape",
      "const 'const_3': the attribute 'val' is a constant of unknown shape int32[d0]"
    ) {
      $0.editConstant("const_3") {
        $0.edit("type") { $0.edit("tensorType") { $0.setDimensions([nil]) } }
      }
    },
    .model(
      "a constant of 2^62 elements",
      "const 'const_3': the attribute 'val' is declared int32[4611686018427387904] but has 1 element"
    ) {
      $0.editConstant("const_3") {
        $0.edit("type") { $0.edit("tensorType") { $0.setDimensions([1 << 62]) } }
      }
    },
    .model(
      "a constant with too many elements",
      "const 'const_3': the attribute 'val' is declared int32[] but has 2 elements"
    ) {
      $0.editConstant("const_3") { $0.editTensor { $0.edit("ints") { $0.set("values", [1, 2]) } } }
    },
    .model(
      "a constant without elements",
      "const 'const_3': the attribute 'val' is declared int32[] but has 0 elements"
    ) {
      $0.editConstant("const_3") { $0.editTensor { $0.edit("ints") { $0.clear("values") } } }
    },
    .model(
      "a constant of the wrong elements",
      "const 'const_3': the attribute 'val' is declared int32 but its elements are floats"
    ) {
      $0.editConstant("const_3") {
        $0.editTensor { $0.edit("floats") { $0.set("values", [1] as [Float]) } }
      }
    },
    .model(
      "a constant of too few bytes",
      "const 'const_1_to_fp16': the attribute 'val' is declared float16[] but has 1 bytes"
    ) {
      $0.editConstant("const_1_to_fp16") {
        $0.editTensor { $0.edit("bytes") { $0.set("values", [1] as [UInt8]) } }
      }
    },
    .model(
      "a constant beyond its dtype",
      "const 'const_3': the attribute 'val' is declared int16 but holds 70000"
    ) {
      $0.editConstant("const_3") { constant in
        constant.edit("type") { $0.edit("tensorType") { $0.set("dataType", 22) } }
        constant.editTensor { $0.edit("ints") { $0.set("values", [70000]) } }
      }
    },
    .model(
      "a constant of two strings for one",
      "const 'input_to_fp16_dtype_0': the attribute 'val' is declared string[] but has 2 elements"
    ) {
      $0.editConstant("input_to_fp16_dtype_0") {
        $0.editTensor { $0.edit("strings") { $0.set("values", ["fp16", "fp32"]) } }
      }
    },
    .model(
      "a list that holds a tensor",
      "const 'const_3': the attribute 'val' is declared list<int32[], ?> but holds a tensor"
    ) {
      $0.editConstant("const_3") { constant in
        constant.edit("type") { type in
          let element = type
          type.edit("listType") { $0.set("type", element) }
        }
      }
    },
    .model(
      "a name that is no constant",
      "relu 'relu_cast_fp16': the attribute 'name' has neither an immediate value nor one in a file"
    ) {
      $0.editOperation("relu_cast_fp16") { operation in
        operation.editEntry("attributes", "name") { $0.clear("immediateValue") }
      }
    },
  ]

  /// Read, but not run.
  static let shapes: [Defect] = [
    .program(
      "an operation that does not exist", exit: 69,
      "frobnicate 'relu_cast_fp16': the executor has no kernel for 'frobnicate'"
    ) {
      $0.editOperation("relu_cast_fp16") { $0.set("type", "frobnicate") }
    },
    .program("an operand that is missing", "relu 'relu_cast_fp16': relu: operand 'x' is missing") {
      $0.editOperation("relu_cast_fp16") { $0.clear("inputs") }
    },
    .program(
      "an operand that the operation does not have",
      "relu 'relu_cast_fp16': relu: has no operand 'y' in iOS16"
    ) {
      $0.editOperation("relu_cast_fp16") { $0.bind("y", "input") }
    },
    .program(
      "an operand bound to two values",
      "relu 'relu_cast_fp16': relu: 'x' is bound to 2 values, not one"
    ) {
      $0.editOperation("relu_cast_fp16") { $0.bind("x", "input_to_fp16", "linear_0_cast_fp16") }
    },
    .program(
      "an operation with a result too many", "relu 'relu_cast_fp16': relu: gives 1 results, not 2"
    ) {
      $0.editOperation("relu_cast_fp16") {
        $0.set("outputs", $0.messages("outputs") + $0.renamed("other"))
      }
    },
    .program("an operation without a result", "relu 'relu_cast_fp16': relu: gives 1 results, not 0")
    {
      $0.editOperation("relu_cast_fp16") { $0.clear("outputs") }
      $0.editOperation("layer_norm_cast_fp16") { $0.bind("x", "linear_0_cast_fp16") }
    },
    .program(
      "operands of two dtypes", in: "accumulator-iOS18",
      "add 'add_cast_fp16': add: 'y' is float32 but 'x' is float16"
    ) {
      $0.editOperation("add_cast_fp16") { $0.bind("y", "x") }
    },
    .program(
      "a string where numbers belong",
      "relu 'relu_cast_fp16': relu: 'x' is string, which iOS16 does not allow (float16, float32)"
    ) {
      $0.editOperation("relu_cast_fp16") { $0.bind("x", "input_to_fp16_dtype_0") }
    },
    .program(
      "a result of another dtype",
      ["gamma", "beta", "epsilon"].map {
        "layer_norm 'layer_norm_cast_fp16': layer_norm: '\($0)' is float16 but 'x' is float32"
      }.joined(separator: "\nerror: x.mlpackage: ")
    ) {
      $0.editType("relu_cast_fp16") { $0.set("dataType", 11) }
    },
    .program(
      "a result of another shape",
      "relu 'relu_cast_fp16': relu: gives float16[3, 32] where the program declares float16[3, 31]"
    ) {
      $0.editType("relu_cast_fp16") { $0.setDimensions([3, 31]) }
    },
    .program(
      "a result of 2^62 elements",
      "relu 'relu_cast_fp16': relu: gives float16[3, 32] where the program declares float16[2147483648, 2147483648]"
    ) {
      $0.editType("relu_cast_fp16") { $0.setDimensions([1 << 31, 1 << 31]) }
    },
    .program(
      "matrices that do not fit",
      "linear 'linear_1_cast_fp16': linear: cannot multiply float16[3, 32] and float16[32]"
    ) {
      $0.editOperation("linear_1_cast_fp16") { $0.bind("weight", "p_2_weight_to_fp16") }
    },
    .program(
      "an axis that does not exist",
      "softmax 'softmax_cast_fp16': softmax: 'axis' is 7 but the operand has rank 2"
    ) {
      $0.editConstant("const_3") { $0.editTensor { $0.edit("ints") { $0.set("values", [7]) } } }
    },
    .program("a dtype that is no word", exit: 69, "cast 'cast_1': cast: no dtype 'fp17'") {
      $0.editConstant("input_to_fp16_dtype_0") {
        $0.editTensor { $0.edit("strings") { $0.set("values", ["fp17"]) } }
      }
    },
    .program(
      "a state as an operand of numbers", in: "accumulator-iOS18",
      "add 'add_cast_fp16': add: 'x' must be a tensor, not state<float16[1]>"
    ) {
      $0.editOperation("add_cast_fp16") { $0.bind("x", "accumulator") }
    },
    .program(
      "a tensor as an operand of states", in: "accumulator-iOS18",
      "read_state 'read_state_0': read_state: 'input' must be a state"
    ) {
      $0.editOperation("read_state_0") { $0.bind("input", "x") }
    },
    .program(
      "a state updated with another shape", in: "accumulator-iOS18",
      "write_state 'coreml_update_state_1_write_state': write_state: gives float32[1] where the program declares float16[1]"
    ) {
      $0.editOperation("coreml_update_state_1_write_state") { $0.bind("data", "x") }
    },
    .program(
      "a condition that is a number", in: "accumulator-iOS18",
      "cond 'mul_cast_fp16': cond: 'pred' is float32, which iOS18 does not allow (bool)"
    ) {
      $0.editOperation("mul") {
        $0.set("type", "cond")
        $0.clear("inputs")
        $0.bind("pred", "x")
        $0.set("blocks", [block(giving: "add_cast_fp16"), block(giving: "add_cast_fp16")])
      }
    },
    .program(
      "a condition with one block", in: "range-iOS16-float16",
      "cond 'op_21_cast_fp16': cond: needs a 'pred' and two blocks"
    ) {
      $0.editOperation("var_21") {
        $0.set("type", "cond")
        $0.clear("inputs")
        $0.bind("pred", "input_keep_dims_0")
        $0.set("blocks", [block(giving: "input_cast_fp16")])
      }
    },
    .program(
      "a loop whose blocks take nothing", in: "accumulator-iOS18",
      "while_loop 'mul_cast_fp16': while_loop: a block takes 0 values but gets 1"
    ) {
      $0.editOperation("mul") {
        $0.set("type", "while_loop")
        $0.clear("inputs")
        $0.bind("loop_vars", "x")
        $0.set("blocks", [block(giving: "x"), block(giving: "x")])
      }
    },
    .program(
      "blocks of a scale that do not divide a weight", in: "int4-block-iOS18",
      "constexpr_blockwise_shift_scale 'p_0_weight_to_fp16_quantized': constexpr_blockwise_shift_scale: blocks of shape [1, 128] do not fit data of shape [64, 64]"
    ) {
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

/// A block that returns a value from outside.
private func block(giving name: String) -> ProtoMessage {
  var block = ProtoMessage(.milBlock)
  block.set("outputs", [name])
  return block
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
