// SPDX-License-Identifier: Apache-2.0
import MIL

/// Finds features by the names that a source gives them, which MIL may not allow: `input.1` is
/// `input_1` in a package, `state` is `state_workaround`.
enum FeatureNames {
  /// `arrays` under the names of `features`: one whose name is the source's spelling of a feature
  /// takes the feature's name, unless another array has it.
  static func adopted(
    _ arrays: [(name: String, array: MultiArray)], by features: [FeatureDescription]
  ) -> [(name: String, array: MultiArray)] {
    let names = features.map(\.name)
    let given = Set(arrays.map(\.name))
    return arrays.map { name, array in
      guard !names.contains(name), let own = match(name, among: names), !given.contains(own) else {
        return (name, array)
      }
      return (own, array)
    }
  }

  /// The name among `names` that is `source`, or what became of it.
  static func match(_ source: String, among names: [String]) -> String? {
    names.first { $0 == source } ?? names.first { Identifier.isSpelling($0, of: source) }
  }
}
