// SPDX-License-Identifier: Apache-2.0
import Compression
import MIL
import Tensors

/// What compression did to the weights of a package, from what was written: the packages are the
/// one that was given and the one that came out.
struct QuantizationMeasurement {
  /// A weight that is stored otherwise than before.
  struct Weight {
    let before: StoredWeight
    let after: StoredWeight
    let difference: WeightDifference
    let saturated: Double?
  }

  private(set) var weights: [Weight] = []
  /// Weights that are as they were.
  private(set) var unchanged: [StoredWeight] = []

  /// Throws when a weight cannot be read.
  init(before: Program, after: Program) throws {
    let pairs = WeightMatching(before, after).pairs.filter { $0.first.shape == $0.second.shape }
    let changed = pairs.filter { $0.first.expression.words != $0.second.expression.words }
    unchanged = pairs.filter { $0.first.expression.words == $0.second.expression.words }
      .map(\.second)
    let differences = try WeightMeasurement.differences(
      changed.map { (try $0.first.decoded(), try $0.second.decoded()) })
    let saturated = try WeightMeasurement.saturated(changed.map(\.second.expression))
    for (place, pair) in changed.enumerated() {
      weights.append(
        Weight(
          before: pair.first, after: pair.second, difference: differences[place],
          saturated: saturated[place]))
    }
  }

  /// Signal to noise of all weights together; nil where none is compressed.
  var decibels: Double? {
    weights.isEmpty
      ? nil : weights.map(\.difference).reduce(WeightDifference(), +).decibels
  }
}

extension QuantizationSummary {
  /// Adds what was measured.
  mutating func add(_ measurement: QuantizationMeasurement) {
    var places: [[String]: Int] = [:]
    for (place, weight) in measurement.weights.enumerated() {
      // Functions that share a weight each have an entry for it.
      for function in [weight.before.function] + weight.before.uses.map(\.function) {
        places[[function, weight.before.name]] = place
      }
    }
    var uses: [[String]: [WeightUse]] = [:]
    for weight in measurement.unchanged {
      for function in [weight.function] + weight.uses.map(\.function) {
        uses[[function, weight.name]] = weight.uses.map { WeightUse($0) }
      }
    }
    for index in weights.indices {
      let key = [weights[index].function, weights[index].name]
      weights[index].uses = uses[key] ?? []
      guard let place = places[key] else { continue }
      let found = measurement.weights[place]
      weights[index].decibels = found.difference.decibels
      weights[index].largestError = found.difference.largest
      weights[index].saturated = found.saturated
      weights[index].uses = found.before.uses.map { WeightUse($0) }
    }
    decibels = measurement.decibels
  }
}
