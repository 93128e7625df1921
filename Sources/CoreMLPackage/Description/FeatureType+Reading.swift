// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import Tensors

extension Feature {
  /// Reads a `FeatureDescription`; `role` is `input`, `output` or `state`. Throws `.malformed`.
  init(_ message: ProtoMessage, role: String) throws(Diagnostic) {
    name = message.string("name")
    shortDescription = message.string("shortDescription")
    if name.isEmpty { throw .feature(role, "", "it has no name") }
    guard let type = message.message("type") else { throw .feature(role, name, "it has no type") }
    isOptional = type.bool("isOptional")
    do {
      self.type = try FeatureType(type)
    } catch {
      throw .feature(role, name, error.message)
    }
    if case .state = self.type { return }
    if role == "state" { throw .feature(role, name, "its type is not a state") }
  }
}

extension FeatureType {
  fileprivate init(_ message: ProtoMessage) throws(Diagnostic) {
    switch message.oneofCase(of: "multiArrayType") {
    case "multiArrayType": self = .multiArray(try ArrayFeature(message.inner("multiArrayType")))
    case "imageType": self = .image(try ImageFeature(message.inner("imageType")))
    case "stateType":
      guard let array = message.inner("stateType").message("arrayType") else {
        throw .wrong("the state holds no tensor")
      }
      self = .state(try ArrayFeature(array))
    case "dictionaryType":
      let type = message.inner("dictionaryType")
      guard let key = type.oneofCase(of: "stringKeyType") else {
        throw .wrong("the dictionary has no key type")
      }
      self = .dictionary(key: key == "stringKeyType" ? .string : .int64)
    case "sequenceType":
      let type = message.inner("sequenceType")
      guard let element = type.oneofCase(of: "stringType") else {
        throw .wrong("the sequence has no element type")
      }
      var length: SizeRange?
      if let range = type.message("sizeRange") { length = try SizeRange(range) }
      self = .sequence(of: element == "stringType" ? .string : .int64, length: length)
    case "int64Type": self = .int64
    case "doubleType": self = .double
    case "stringType": self = .string
    default: throw .wrong("it has no type")
    }
  }
}

extension ArrayFeature {
  fileprivate init(_ message: ProtoMessage) throws(Diagnostic) {
    let code = message.int("dataType")
    dtype = DType(arrayCode: code)
    if dtype == nil && code != 0 { throw .wrong("its dtype has the unknown code \(code)") }
    shape = try extents(message.ints("shape"))
    switch message.oneofCase(of: "shapeRange") {
    case "enumeratedShapes":
      var shapes: [[Int]] = []
      for entry in message.inner("enumeratedShapes").messages("shapes") {
        shapes.append(try extents(entry.ints("shape")))
      }
      if let other = shapes.first(where: { $0.count != shape.count }), !shape.isEmpty {
        throw .wrong("the shape \(other) has another rank than the default \(shape)")
      }
      flexibility = .enumerated(shapes)
    case "shapeRange":
      var ranges: [SizeRange] = []
      for entry in message.inner("shapeRange").messages("sizeRanges") {
        ranges.append(try SizeRange(entry))
      }
      if ranges.count != shape.count && !shape.isEmpty {
        throw .wrong("it has \(ranges.count) ranges but the default shape \(shape)")
      }
      flexibility = .ranges(ranges)
    default: flexibility = nil
    }
    switch message["intDefaultValue"] ?? message["floatDefaultValue"]
      ?? message["doubleDefaultValue"]
    {
    case .int(let value): defaultValue = .int(Int32(truncatingIfNeeded: value))
    case .float(let value): defaultValue = .float(value)
    case .double(let value): defaultValue = .double(value)
    default: defaultValue = nil
    }
  }
}

private func extents(_ values: [Int64]) throws(Diagnostic) -> [Int] {
  let shape = values.map { Int($0) }
  if let negative = shape.first(where: { $0 < 0 }) {
    throw .wrong("its shape \(shape) holds \(negative)")
  }
  if elementCount(shape) == nil { throw .wrong("its shape \(shape) has too many elements") }
  return shape
}

extension SizeRange {
  fileprivate init(_ message: ProtoMessage) throws(Diagnostic) {
    let (low, high) = (message.uint("lowerBound"), message.int("upperBound"))
    guard let lower = Int(exactly: low) else { throw .wrong("its range begins at \(low)") }
    // Any negative number means that there is no bound.
    self.init(lower, high < 0 ? nil : Int(high))
    if let upper, upper < lower { throw .wrong("its range \(lower)...\(upper) is empty") }
  }
}

extension ImageFeature {
  fileprivate init(_ message: ProtoMessage) throws(Diagnostic) {
    let space = message.int("colorSpace")
    guard let colorSpace = ColorSpace(rawValue: space) else {
      throw .wrong("its color space has the unknown code \(space)")
    }
    let size = try extents([message.int("width"), message.int("height")])
    self.init(width: size[0], height: size[1], colorSpace: colorSpace)
    switch message.oneofCase(of: "imageSizeRange") {
    case "enumeratedSizes":
      var sizes: [Size] = []
      for entry in message.inner("enumeratedSizes").messages("sizes") {
        let (width, height) = (entry.uint("width"), entry.uint("height"))
        guard let width = Int(exactly: width), let height = Int(exactly: height) else {
          throw .wrong("it is an image of \(width) by \(height)")
        }
        sizes.append(Size(width: width, height: height))
      }
      flexibility = .enumerated(sizes)
    case "imageSizeRange":
      let range = message.inner("imageSizeRange")
      flexibility = .ranges(
        width: try SizeRange(range.inner("widthRange")),
        height: try SizeRange(range.inner("heightRange")))
    default: break
    }
  }
}

extension ProtoMessage {
  /// The message in `field`, empty where it is absent.
  func inner(_ field: String) -> ProtoMessage { message(field) ?? empty(field) }
}

extension Diagnostic {
  fileprivate static func wrong(_ message: String) -> Diagnostic { .error(.malformed, message) }

  fileprivate static func feature(_ role: String, _ name: String, _ what: String) -> Diagnostic {
    .error(.malformed, "the description's \(role) '\(name)': \(what)")
  }
}
