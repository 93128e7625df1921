// SPDX-License-Identifier: Apache-2.0
package import Containers

extension RunResult {
  /// The document of `run --json`; see `Schemas/run.schema.json`.
  package var json: JSON {
    [
      "predictions": .array(
        predictions.map { outputs in
          ["outputs": .array(outputs.map { $0.array.summary(named: $0.name) })]
        }),
      "states": .array(states.map { $0.array.summary(named: $0.name) }),
    ]
  }
}

extension MultiArray {
  /// Name, dtype, shape, and the least and largest value; the elements of strings and of scores.
  fileprivate func summary(named name: String) -> JSON {
    let (least, largest) = range
    let members: [(key: String, value: JSON)] = [
      ("name", .string(name)), ("dtype", .string(elementType.rawValue)), ("shape", .shape(shape)),
      ("minimum", least.map { .number($0) } ?? .null),
      ("maximum", largest.map { .number($0) } ?? .null),
    ]
    var summary = JSONObject(members)
    if elementType == .string { summary["strings"] = .array(strings.map { .string($0) }) }
    if !labels.isEmpty {
      let scores = zip(labels, doubles).map { (key: $0.0, value: JSON.number($0.1)) }
      summary["scores"] = .object(JSONObject(scores))
    }
    return .object(summary)
  }

  /// The least and largest element that is a number.
  package var range: (least: Double?, largest: Double?) {
    var (least, largest): (Double?, Double?)
    for value in doubles where !value.isNaN {
      least = min(least ?? value, value)
      largest = max(largest ?? value, value)
    }
    return (least, largest)
  }
}

extension JSON {
  /// A finite number; null otherwise, because JSON has no others.
  package static func number(_ value: Double) -> JSON { value.isFinite ? .double(value) : .null }
}
