// SPDX-License-Identifier: Apache-2.0
import MIL

/// An ONNX model names flexible extents and says no more of them. The default shape of the package
/// must be one that the model takes: an image of one pixel does not pass most networks.
extension Function {
  /// Gives flexible extents of which nothing is known an example with which no tensor is empty.
  mutating func chooseDefaultExtents() {
    let open = symbols.entries.filter { _, entry in
      entry.allowed == nil && (entry.example ?? entry.lower) == 1 && entry.upper != 1
    }.keys
    if open.isEmpty { return }
    let images = imageExtents
    for size in (0...9).map({ 1 << $0 }) {
      // Skip connections want sizes that can be halved some times.
      for imageSize in [max(size, 64), size] {
        var chosen: [String: Int] = [:]
        for name in open {
          let wanted = images.contains(name) ? imageSize : size
          chosen[name] = min(wanted, symbols[name]?.upper ?? .max)
        }
        guard isFilled(chosen) else { continue }
        for (name, extent) in chosen { symbols[name]?.example = extent }
        return
      }
    }
  }

  /// The extents behind the channels of inputs with four axes or more.
  private var imageExtents: Set<String> {
    let shapes = inputs.compactMap { values[$0].type.tensor?.shape }.filter { $0.count >= 4 }
    return Set(shapes.flatMap { $0[2...].compactMap(\.symbol) })
  }

  /// Whether every flexible extent that can be computed is at least 1.
  private func isFilled(_ chosen: [String: Int]) -> Bool {
    let results = body.operations.flatMap(\.outputs)
    return results.allSatisfy { id in
      (values[id].type.tensor?.shape ?? []).allSatisfy { dim in
        if dim.isFixed { return true }
        return dim.evaluated { chosen[$0] ?? symbols[$0]?.example }.map { $0 >= 1 } ?? true
      }
    }
  }
}
