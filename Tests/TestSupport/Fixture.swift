// SPDX-License-Identifier: Apache-2.0

/// Files of `Fixtures/`.
package enum Fixture {
  /// The root of the repository.
  package static let root: String = {
    var path = #filePath[...]
    for _ in 0..<3 { path = path[..<(path.lastIndex(of: "/") ?? path.startIndex)] }
    return String(path)
  }()

  /// The path of a fixture, such as `torch/decoder.pt2`.
  package static func path(_ name: String) -> String { "\(root)/Fixtures/\(name)" }

  /// The recorded calls of a model: paths of inputs and expected outputs, in order.
  package static func calls(_ model: String) -> [(inputs: String, expected: String)] {
    let base = path(model)
    if ScratchFolder.exists(base + ".inputs.npz") {
      return [(base + ".inputs.npz", base + ".expected.npz")]
    }
    var calls: [(inputs: String, expected: String)] = []
    while ScratchFolder.exists("\(base).inputs.\(calls.count).npz") {
      let place = "\(calls.count).npz"
      calls.append(("\(base).inputs.\(place)", "\(base).expected.\(place)"))
    }
    return calls
  }
}
