// SPDX-License-Identifier: Apache-2.0
import Containers
import Tensors

extension Feature {
  func message() -> ProtoMessage {
    var message = ProtoMessage(.featureDescription)
    message.set("name", name)
    message.set("shortDescription", shortDescription)
    message.edit("type") { type in
      self.type.fill(&type)
      type.set("isOptional", isOptional)
    }
    return message
  }
}

extension FeatureType {
  fileprivate func fill(_ message: inout ProtoMessage) {
    switch self {
    case .multiArray(let array): message.edit("multiArrayType") { array.fill(&$0) }
    case .state(let array):
      message.edit("stateType") { state in state.edit("arrayType") { array.fill(&$0) } }
    case .image(let image): message.edit("imageType") { image.fill(&$0) }
    case .dictionary(let key):
      message.edit("dictionaryType") { $0.edit(key.rawValue + "KeyType") { _ in } }
    case .sequence(let element, let length):
      message.edit("sequenceType") { type in
        type.edit(element.rawValue + "Type") { _ in }
        if let length { type.edit("sizeRange") { length.fill(&$0) } }
      }
    case .int64: message.edit("int64Type") { _ in }
    case .double: message.edit("doubleType") { _ in }
    case .string: message.edit("stringType") { _ in }
    }
  }
}

extension ArrayFeature {
  fileprivate func fill(_ message: inout ProtoMessage) {
    message.set("shape", shape)
    message.set("dataType", dtype?.arrayCode ?? 0)
    switch flexibility {
    case .enumerated(let shapes):
      message.edit("enumeratedShapes") { list in
        for shape in shapes { list.add("shapes") { $0.set("shape", shape) } }
      }
    case .ranges(let ranges):
      message.edit("shapeRange") { list in
        for range in ranges { list.add("sizeRanges") { range.fill(&$0) } }
      }
    case nil: break
    }
    switch defaultValue {
    case .int(let value): message.set("intDefaultValue", value)
    case .float(let value): message.set("floatDefaultValue", value)
    case .double(let value): message.set("doubleDefaultValue", value)
    case nil: break
    }
  }
}

extension SizeRange {
  fileprivate func fill(_ message: inout ProtoMessage) {
    message.set("lowerBound", UInt64(max(0, lower)))
    message.set("upperBound", upper ?? -1)
  }
}

extension ImageFeature {
  fileprivate func fill(_ message: inout ProtoMessage) {
    message.set("width", width)
    message.set("height", height)
    message.set("colorSpace", colorSpace.rawValue)
    switch flexibility {
    case .enumerated(let sizes):
      message.edit("enumeratedSizes") { list in
        for size in sizes {
          list.add("sizes") { entry in
            entry.set("width", UInt64(max(0, size.width)))
            entry.set("height", UInt64(max(0, size.height)))
          }
        }
      }
    case .ranges(let width, let height):
      message.edit("imageSizeRange") { range in
        range.edit("widthRange") { width.fill(&$0) }
        range.edit("heightRange") { height.fill(&$0) }
      }
    case nil: break
    }
  }
}
