// SPDX-License-Identifier: Apache-2.0
package import Containers

/// JSON of what several documents have in common; described in `Schemas/`.
extension FeatureDescription {
  package var json: JSON {
    var object = JSONObject()
    object["name"] = .string(name)
    object["dtype"] = .string(elementType.rawValue)
    object["shape"] = .array(shape.map { $0.map { .int(Int64($0)) } ?? .null })
    object["kind"] = .string(kind.rawValue)
    switch flexibility {
    case .fixed: break
    case .enumerated(let shapes):
      object["enumeratedShapes"] = .array(shapes.map(JSON.shape))
    case .ranges(let extents):
      object["shapeRange"] = .array(
        extents.map { [.int(Int64($0.lower)), $0.upper.map { .int(Int64($0)) } ?? .null] })
    }
    if isOptional { object["optional"] = true }
    if !summary.isEmpty { object["description"] = .string(summary) }
    return .object(object)
  }
}

extension JSON {
  package static func shape(_ shape: [Int]) -> JSON { .array(shape.map { .int(Int64($0)) }) }

  package static func integer(_ value: Int) -> JSON { .int(Int64(value)) }

  /// An object of the members that have a value.
  package static func members(_ members: [(String, JSON?)]) -> JSON {
    var object = JSONObject()
    for (key, value) in members { object[key] = value }
    return .object(object)
  }
}
