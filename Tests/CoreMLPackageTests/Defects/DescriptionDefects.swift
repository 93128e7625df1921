// SPDX-License-Identifier: Apache-2.0
import Containers

/// What can be wrong with the version, the description, and how the two agree with the program.
enum DescriptionDefects {
  static let all: [Defect] = version + functions + features + agreement

  static let version: [Defect] = [
    .model("no specification version", "the model has specification version 0 (readable: 6 to 10)")
    { $0.clear("specificationVersion") },
    .model("specification version -1", "the model has specification version -1 (readable: 6 to 10)")
    { $0.set("specificationVersion", -1) },
    .model("specification version 5", "the model has specification version 5 (readable: 6 to 10)") {
      $0.set("specificationVersion", 5)
    },
    .model(
      "specification version 11", exit: 69,
      "the model has specification version 11 (readable: 6 to 10)"
    ) { $0.set("specificationVersion", 11) },
    .model(
      "an opset that is newer than the version",
      "the function 'main' has the opset CoreML6, which needs specification version 7, but the model has 6"
    ) {
      $0.set("specificationVersion", 6)
    },
    .model("no kind of model", "the model is of no known kind") { $0.clear("mlProgram") },
    .model(
      "a neural network", exit: 69,
      "the model is a neuralNetwork, the format before ML Programs; modelpack reads ML Programs\n  fix: convert the source model again, as an ML Program"
    ) {
      $0.set("neuralNetwork", $0.empty("neuralNetwork"))
    },
  ]

  static let functions: [Defect] = [
    .model("no functions", "the program has no functions") {
      $0.edit("mlProgram") { $0.clear("functions") }
    },
    .model("a function twice", "the program has two functions called 'main'") { model in
      model.edit("mlProgram") { $0.repeatEntry("functions", "main") }
    },
    .model(
      "no opset",
      "the function 'main' has the opset '' (readable: CoreML5, CoreML6, CoreML7, CoreML8, CoreML9)"
    ) { $0.editFunction { $0.set("opset", "") } },
    .model(
      "an opset that is none",
      "the function 'main' has the opset 'CoreMLX' (readable: CoreML5, CoreML6, CoreML7, CoreML8, CoreML9)"
    ) { $0.editFunction { $0.set("opset", "CoreMLX") } },
    .model(
      "a later opset", exit: 69,
      "the function 'main' has the opset 'CoreML99' (readable: CoreML5, CoreML6, CoreML7, CoreML8, CoreML9)"
    ) { $0.editFunction { $0.set("opset", "CoreML99") } },
    .model("no body", "the function 'main' has no body for its opset CoreML6 (it has: none)") {
      $0.editFunction { $0.clear("block_specializations") }
    },
    .model(
      "a body for another opset",
      "the function 'main' has no body for its opset CoreML6 (it has: CoreML7)"
    ) { model in
      model.editFunction { function in
        function.editElement("block_specializations") { $0.set("key", "CoreML7") }
      }
    },
    .model("two bodies", "the function 'main' has 'CoreML6' twice in its block_specializations") {
      $0.editFunction { $0.repeatEntry("block_specializations", "CoreML6") }
    },
    .model("a program attribute twice", "the program has the attribute 'buildInfo' twice") {
      $0.edit("mlProgram") { $0.repeatEntry("attributes", "buildInfo") }
    },
    .model(
      "a function that is not in the program", in: "functions-iOS18",
      "the description has the function 'embed', the program has not"
    ) {
      $0.edit("mlProgram") { $0.removeEntry("functions", "embed") }
    },
    .model(
      "a function that is not described", in: "functions-iOS18",
      "the function 'embed' is not described"
    ) {
      $0.edit("description") { $0.set("functions", Array($0.messages("functions").prefix(1))) }
    },
    .model(
      "a function that is described twice", in: "functions-iOS18",
      "the model's description: the function 'classify' is described twice"
    ) {
      $0.edit("description") {
        $0.set("functions", $0.messages("functions") + $0.messages("functions"))
      }
    },
    .model(
      "a default function that is none", in: "functions-iOS18",
      "the model's description: the default function 'nothing' is not described"
    ) {
      $0.edit("description") { $0.set("defaultFunctionName", "nothing") }
    },
    .model(
      "functions and inputs beside them", in: "functions-iOS18",
      "the model's description: it names functions and has 'input' beside them"
    ) {
      $0.edit("description") { $0.set("input", $0.messages("functions")[0].messages("input")) }
    },
  ]

  static let features: [Defect] = [
    .model("no description", "the input 'input' of the function 'main' is not described") {
      $0.clear("description")
    },
    .model("an input without a name", "the description's input '': it has no name") {
      $0.edit("description") { $0.editElement("input") { $0.set("name", "") } }
    },
    .model("an input without a type", "the description's input 'input': it has no type") {
      $0.edit("description") { $0.editElement("input") { $0.clear("type") } }
    },
    .model("an input of an empty type", "the description's input 'input': it has no type") {
      $0.editFeature("input") { $0.clear("multiArrayType") }
    },
    .model(
      "an input that is described twice",
      "the model's description: the input 'input' is described twice"
    ) {
      $0.edit("description") { $0.set("input", $0.messages("input") + $0.messages("input")) }
    },
    .model(
      "an unknown dtype of an input",
      "the description's input 'input': its dtype has the unknown code 7"
    ) { $0.editArray("input") { $0.set("dataType", 7) } },
    .model("a negative extent", "the description's input 'input': its shape [3, -32] holds -32") {
      $0.editArray("input") { $0.set("shape", [3, -32]) }
    },
    .model(
      "an input of 2^63 elements",
      "the description's input 'input': its shape [4611686018427387904, 2] has too many elements"
    ) {
      $0.editArray("input") { $0.set("shape", [1 << 62, 2]) }
    },
    .model(
      "a range that begins at 2^63",
      "the description's input 'input': its range begins at 9223372036854775808"
    ) {
      $0.editArray("input") {
        $0.edit("shapeRange") { $0.set("sizeRanges", $0.ranges((1 << 63, 9), (32, 32))) }
      }
    },
    .model("an empty range", "the description's input 'input': its range 9...3 is empty") {
      $0.editArray("input") {
        $0.edit("shapeRange") { $0.set("sizeRanges", $0.ranges((9, 3), (32, 32))) }
      }
    },
    .model(
      "fewer ranges than axes",
      "the description's input 'input': it has 1 ranges but the default shape [3, 32]"
    ) {
      $0.editArray("input") { $0.edit("shapeRange") { $0.set("sizeRanges", $0.ranges((1, 3))) } }
    },
    .model(
      "a listed shape of another rank",
      "the description's input 'input': the shape [3, 32, 1] has another rank than the default [3, 32]"
    ) {
      $0.editArray("input") { array in
        array.edit("enumeratedShapes") { $0.add("shapes") { $0.set("shape", [3, 32, 1]) } }
      }
    },
    .model(
      "a dictionary without a key type",
      "the description's output 'softmax': the dictionary has no key type"
    ) {
      $0.editFeature("output") { $0.set("dictionaryType", $0.empty("dictionaryType")) }
    },
    .model(
      "a sequence without an element type",
      "the description's output 'softmax': the sequence has no element type"
    ) {
      $0.editFeature("output") { $0.set("sequenceType", $0.empty("sequenceType")) }
    },
    .model(
      "an unknown color space", in: "image-iOS15",
      "the description's input 'image': its color space has the unknown code 77"
    ) {
      $0.editFeature("input") { $0.edit("imageType") { $0.set("colorSpace", 77) } }
    },
    .model(
      "an image of negative width", in: "image-iOS15",
      "the description's input 'image': its shape [-16, 16] holds -16"
    ) {
      $0.editFeature("input") { $0.edit("imageType") { $0.set("width", -16) } }
    },
    .model(
      "a state that is described as a tensor", in: "accumulator-iOS18",
      "the description's state 'accumulator': its type is not a state"
    ) {
      $0.editFeature("state") { type in
        type.edit("multiArrayType") { $0.set("shape", [1]) }
      }
    },
    .model(
      "a state of nothing", in: "accumulator-iOS18",
      "the description's state 'accumulator': the state holds no tensor"
    ) {
      $0.editFeature("state") { $0.edit("stateType") { $0.clear("arrayType") } }
    },
    .model(
      "an input that is a state", in: "accumulator-iOS18",
      "the description has the input 'accumulator', the function 'main' has not"
    ) {
      $0.edit("description") {
        $0.set("input", $0.messages("input") + $0.messages("state"))
        $0.clear("state")
      }
    },
  ]

  static let agreement: [Defect] = [
    .model(
      "an input that is not described", "the input 'input' of the function 'main' is not described"
    ) {
      $0.edit("description") { $0.clear("input") }
    },
    .model(
      "an output that is not described",
      "the output 'softmax' of the function 'main' is not described"
    ) {
      $0.edit("description") { $0.clear("output") }
    },
    .model(
      "a state that is not described", in: "accumulator-iOS18",
      "the state 'accumulator' of the function 'main' is not described"
    ) {
      $0.edit("description") { $0.clear("state") }
    },
    .model(
      "a described input that is none",
      "cast 'cast_1': the operand 'x' is 'input', which nothing defines"
    ) { $0.editFunction { $0.clear("inputs") } },
    .model(
      "a described output that is none",
      "the description has the output 'softmax', the function 'main' has not"
    ) { $0.editBody { $0.clear("outputs") } },
    .model(
      "a described state that is none", in: "accumulator-iOS18",
      "the description has the state 'cache', the function 'main' has not"
    ) {
      $0.edit("description") { $0.editElement("state") { $0.set("name", "cache") } }
    },
    .model(
      "a described dtype that is another",
      "the input 'input' is described as float16 but is float32"
    ) {
      $0.editArray("input") { $0.set("dataType", 65552) }
    },
    .model(
      "a described extent that is another",
      "the input 'input' is described with shape [3, 31] but is float32[3, 32]"
    ) {
      $0.editArray("input") { $0.set("shape", [3, 31]) }
    },
    .model(
      "a described rank that is another",
      "the input 'input' is described with shape [3, 32, 1] but is float32[3, 32]"
    ) {
      $0.editArray("input") { $0.set("shape", [3, 32, 1]) }
    },
    .model(
      "a described range beside a fixed extent",
      "the input 'input' is described with extents 33...64 but is float32[3, 32]"
    ) {
      $0.editArray("input") {
        $0.edit("shapeRange") { $0.set("sizeRanges", $0.ranges((1, 3), (33, 64))) }
      }
    },
    .model(
      "a described dtype of a state that is another", in: "accumulator-iOS18",
      "the state 'accumulator' is described as float32 but is float16"
    ) {
      $0.editFeature("state") {
        $0.edit("stateType") { $0.edit("arrayType") { $0.set("dataType", 65568) } }
      }
    },
    .model(
      "a described shape of a state that is another", in: "accumulator-iOS18",
      "the state 'accumulator' is described with shape [2] but is float16[1]"
    ) {
      $0.editFeature("state") {
        $0.edit("stateType") { $0.edit("arrayType") { $0.set("shape", [2]) } }
      }
    },
    .model(
      "a state that is float32 in the program", in: "accumulator-iOS18",
      "the state 'accumulator' is described as float16 but is float32"
    ) {
      $0.editFunction { function in
        function.editElement("inputs", 1) { input in
          input.edit("type") {
            $0.edit("stateType") {
              $0.edit("wrappedType") { $0.edit("tensorType") { $0.set("dataType", 11) } }
            }
          }
        }
      }
    },
    .model(
      "an output that is described as an image",
      "the output 'softmax' is described as an image of 8 by 3 pixels and 1 channel but is float16[3, 8]"
    ) {
      $0.editFeature("output") { type in
        type.edit("imageType") {
          $0.set("width", 8)
          $0.set("height", 3)
          $0.set("colorSpace", 10)
        }
      }
    },
  ]
}

extension ProtoMessage {
  /// Messages for `sizeRanges` of a `ShapeRange`.
  fileprivate func ranges(_ bounds: (lower: UInt64, upper: Int64)...) -> [ProtoMessage] {
    var copy = ProtoMessage(schema)
    for (lower, upper) in bounds {
      copy.add("sizeRanges") {
        $0.set("lowerBound", lower)
        $0.set("upperBound", upper)
      }
    }
    return copy.messages("sizeRanges")
  }
}
