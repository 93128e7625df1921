// SPDX-License-Identifier: Apache-2.0
package import Containers

extension WeightComparison {
  /// The document of `compare --json`; see `Schemas/compare.schema.json`. Infinite decibels are
  /// null: nothing differs.
  package var json: JSON {
    [
      "decibels": .number(decibels), "relativeError": .number(relativeError),
      "weights": .array(weights.map(\.json)), "worst": .array(worst().map { .string($0.name) }),
      "onlyInFirst": .array(onlyInFirst.map(\.json)),
      "onlyInSecond": .array(onlyInSecond.map(\.json)),
    ]
  }
}

extension WeightComparison.Weight {
  fileprivate var json: JSON {
    [
      "name": .string(name), "function": .string(function), "shape": .shape(shape),
      "uses": .array(uses.map(\.json)),
      "compression": [
        "first": .string(compression.first), "second": .string(compression.second),
      ],
      "bytes": ["first": .integer(bytes.first), "second": .integer(bytes.second)],
      "decibels": .number(decibels), "largestError": .number(largestError),
      "relativeError": .number(relativeError),
    ]
  }
}

extension WeightComparison.Unmatched {
  fileprivate var json: JSON {
    [
      "name": .string(name), "function": .string(function), "shape": .shape(shape),
      "uses": .array(uses.map(\.json)),
    ]
  }
}
