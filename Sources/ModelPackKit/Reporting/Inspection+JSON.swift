// SPDX-License-Identifier: Apache-2.0
package import Containers

extension Inspection {
  /// The document of `inspect --json`; see `Schemas/inspect.schema.json`.
  package var json: JSON {
    .members([
      ("path", .string(path)),
      ("specificationVersion", .integer(specificationVersion)),
      ("target", .string(target)),
      ("minimumTarget", minimumTarget.map { .string($0) } ?? .null),
      ("requirements", .array(requirements.map(\.json))),
      ("bytes", .integer(bytes)),
      ("inputs", .array((main?.inputs ?? []).map(\.json))),
      ("outputs", .array((main?.outputs ?? []).map(\.json))),
      ("states", .array((main?.states ?? []).map(\.json))),
      ("defaultFunction", .string(defaultFunction)),
      ("functions", .array(functions.map(\.json))),
      ("operations", .counts(operations)),
      ("weights", .array(weights.map(\.json))),
      ("metadata", metadata.json),
    ])
  }

  /// The text of `json`.
  public var jsonText: String { json.text(.pretty) }
}

extension Inspection.Requirement {
  var json: JSON {
    ["what": .string(what), "target": .string(target), "count": .integer(count)]
  }
}

extension Inspection.FunctionSummary {
  var json: JSON {
    [
      "name": .string(name), "operationSet": .string(operationSet),
      "inputs": .array(inputs.map(\.json)), "outputs": .array(outputs.map(\.json)),
      "states": .array(states.map(\.json)), "operations": .counts(operations),
    ]
  }
}

extension Inspection.WeightSummary {
  var json: JSON {
    [
      "name": .string(name), "function": .string(function), "dtype": .string(elementType.rawValue),
      "shape": .shape(shape), "bytes": .integer(bytes), "compression": .string(compression),
      "bitsPerWeight": .double(bitsPerWeight), "uses": .array(uses.map(\.json)),
    ]
  }
}

extension WeightUse {
  var json: JSON {
    [
      "function": .string(function), "type": .string(type), "operation": .string(operation),
      "operand": .string(operand),
    ]
  }
}

extension Inspection.Metadata {
  var json: JSON {
    [
      "shortDescription": .string(shortDescription), "author": .string(author),
      "license": .string(license), "version": .string(version),
      "userDefined": .object(
        JSONObject(userDefined.map { (key: $0.key, value: JSON.string($0.value)) })),
    ]
  }
}

extension JSON {
  fileprivate static func counts(_ counts: [String: Int]) -> JSON {
    .object(JSONObject(counts.map { (key: $0.key, value: JSON.integer($0.value)) }))
  }
}
