// SPDX-License-Identifier: Apache-2.0
import Containers

/// What can be wrong with the version, the description, and how the two agree with the program.
enum DescriptionDefects {
  static let all: [Defect] = version + functions + features + agreement

  static let version: [Defect] = [
    .model("no specification version", "") { $0.clear("specificationVersion") },
    .model("specification version -1", "") { $0.set("specificationVersion", -1) },
    .model("specification version 5", "") { $0.set("specificationVersion", 5) },
    .model("specification version 11", exit: 69, "") { $0.set("specificationVersion", 11) },
    .model("an opset that is newer than the version", "") {
      $0.set("specificationVersion", 6)
    },
    .model("no kind of model", "") { $0.clear("mlProgram") },
    .model("a neural network", exit: 69, "") {
      $0.set("neuralNetwork", $0.empty("neuralNetwork"))
    },
  ]

  static let functions: [Defect] = [
    .model("no functions", "") { $0.edit("mlProgram") { $0.clear("functions") } },
    .model("a function twice", "") { model in
      model.edit("mlProgram") { $0.repeatEntry("functions", "main") }
    },
    .model("no opset", "") { $0.editFunction { $0.set("opset", "") } },
    .model("an opset that is none", "") { $0.editFunction { $0.set("opset", "CoreMLX") } },
    .model("a later opset", exit: 69, "") { $0.editFunction { $0.set("opset", "CoreML99") } },
    .model("no body", "") { $0.editFunction { $0.clear("block_specializations") } },
    .model("a body for another opset", "") { model in
      model.editFunction { function in
        function.editElement("block_specializations") { $0.set("key", "CoreML7") }
      }
    },
    .model("two bodies", "") {
      $0.editFunction { $0.repeatEntry("block_specializations", "CoreML6") }
    },
    .model("a program attribute twice", "") {
      $0.edit("mlProgram") { $0.repeatEntry("attributes", "buildInfo") }
    },
    .model("a function that is not in the program", in: "functions-iOS18", "") {
      $0.edit("mlProgram") { $0.removeEntry("functions", "embed") }
    },
    .model("a function that is not described", in: "functions-iOS18", "") {
      $0.edit("description") { $0.set("functions", Array($0.messages("functions").prefix(1))) }
    },
    .model("a function that is described twice", in: "functions-iOS18", "") {
      $0.edit("description") {
        $0.set("functions", $0.messages("functions") + $0.messages("functions"))
      }
    },
    .model("a default function that is none", in: "functions-iOS18", "") {
      $0.edit("description") { $0.set("defaultFunctionName", "nothing") }
    },
    .model("functions and inputs beside them", in: "functions-iOS18", "") {
      $0.edit("description") { $0.set("input", $0.messages("functions")[0].messages("input")) }
    },
  ]

  static let features: [Defect] = [
    .model("no description", "") { $0.clear("description") },
    .model("an input without a name", "") {
      $0.edit("description") { $0.editElement("input") { $0.set("name", "") } }
    },
    .model("an input without a type", "") {
      $0.edit("description") { $0.editElement("input") { $0.clear("type") } }
    },
    .model("an input of an empty type", "") {
      $0.editFeature("input") { $0.clear("multiArrayType") }
    },
    .model("an input that is described twice", "") {
      $0.edit("description") { $0.set("input", $0.messages("input") + $0.messages("input")) }
    },
    .model("an unknown dtype of an input", "") { $0.editArray("input") { $0.set("dataType", 7) } },
    .model("a negative extent", "") { $0.editArray("input") { $0.set("shape", [3, -32]) } },
    .model("an input of 2^63 elements", "") {
      $0.editArray("input") { $0.set("shape", [1 << 62, 2]) }
    },
    .model("a range that begins at 2^63", "") {
      $0.editArray("input") {
        $0.edit("shapeRange") { $0.set("sizeRanges", $0.ranges((1 << 63, 9), (32, 32))) }
      }
    },
    .model("an empty range", "") {
      $0.editArray("input") {
        $0.edit("shapeRange") { $0.set("sizeRanges", $0.ranges((9, 3), (32, 32))) }
      }
    },
    .model("fewer ranges than axes", "") {
      $0.editArray("input") { $0.edit("shapeRange") { $0.set("sizeRanges", $0.ranges((1, 3))) } }
    },
    .model("a listed shape of another rank", "") {
      $0.editArray("input") { array in
        array.edit("enumeratedShapes") { $0.add("shapes") { $0.set("shape", [3, 32, 1]) } }
      }
    },
    .model("a dictionary without a key type", "") {
      $0.editFeature("output") { $0.set("dictionaryType", $0.empty("dictionaryType")) }
    },
    .model("a sequence without an element type", "") {
      $0.editFeature("output") { $0.set("sequenceType", $0.empty("sequenceType")) }
    },
    .model("an unknown color space", in: "image-iOS15", "") {
      $0.editFeature("input") { $0.edit("imageType") { $0.set("colorSpace", 77) } }
    },
    .model("an image of negative width", in: "image-iOS15", "") {
      $0.editFeature("input") { $0.edit("imageType") { $0.set("width", -16) } }
    },
    .model("a state that is described as a tensor", in: "accumulator-iOS18", "") {
      $0.editFeature("state") { type in
        type.edit("multiArrayType") { $0.set("shape", [1]) }
      }
    },
    .model("a state of nothing", in: "accumulator-iOS18", "") {
      $0.editFeature("state") { $0.edit("stateType") { $0.clear("arrayType") } }
    },
    .model("an input that is a state", in: "accumulator-iOS18", "") {
      $0.edit("description") {
        $0.set("input", $0.messages("input") + $0.messages("state"))
        $0.clear("state")
      }
    },
  ]

  static let agreement: [Defect] = [
    .model("an input that is not described", "") {
      $0.edit("description") { $0.clear("input") }
    },
    .model("an output that is not described", "") {
      $0.edit("description") { $0.clear("output") }
    },
    .model("a state that is not described", in: "accumulator-iOS18", "") {
      $0.edit("description") { $0.clear("state") }
    },
    .model("a described input that is none", "") { $0.editFunction { $0.clear("inputs") } },
    .model("a described output that is none", "") { $0.editBody { $0.clear("outputs") } },
    .model("a described state that is none", in: "accumulator-iOS18", "") {
      $0.edit("description") { $0.editElement("state") { $0.set("name", "cache") } }
    },
    .model("a described dtype that is another", "") {
      $0.editArray("input") { $0.set("dataType", 65552) }
    },
    .model("a described extent that is another", "") {
      $0.editArray("input") { $0.set("shape", [3, 31]) }
    },
    .model("a described rank that is another", "") {
      $0.editArray("input") { $0.set("shape", [3, 32, 1]) }
    },
    .model("a described range beside a fixed extent", "") {
      $0.editArray("input") {
        $0.edit("shapeRange") { $0.set("sizeRanges", $0.ranges((1, 3), (33, 64))) }
      }
    },
    .model("a described dtype of a state that is another", in: "accumulator-iOS18", "") {
      $0.editFeature("state") {
        $0.edit("stateType") { $0.edit("arrayType") { $0.set("dataType", 65568) } }
      }
    },
    .model("a described shape of a state that is another", in: "accumulator-iOS18", "") {
      $0.editFeature("state") {
        $0.edit("stateType") { $0.edit("arrayType") { $0.set("shape", [2]) } }
      }
    },
    .model("a state that is float32 in the program", in: "accumulator-iOS18", "") {
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
    .model("an output that is described as an image", "") {
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
