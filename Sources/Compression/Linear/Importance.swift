// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tensors

/// How much the errors of a weight's elements matter, one number per input channel, by the name of
/// the weight.
package struct ImportanceTable: Sendable {
  private let vectors: [String: [Float]]

  /// The arrays of the .npz at `path`. Throws `.malformed` for a number that is negative or not
  /// finite, for an array without a positive one, and for what is no .npz.
  package init(contentsOf path: String) throws {
    var vectors: [String: [Float]] = [:]
    for (name, data) in try NPZ.read(path) {
      do {
        vectors[name] = try Self.checked(data.floats)
      } catch var problem as Diagnostic {
        problem.location = Location(file: path, entry: name)
        throw problem
      }
    }
    self.vectors = vectors
  }

  /// C1: as of `init(contentsOf:)`.
  package init(_ vectors: [String: [Float]]) throws {
    self.vectors = try vectors.mapValues { try Self.checked($0) }
  }

  package var names: [String] { vectors.keys.sorted() }

  subscript(name: String) -> [Float]? { vectors[name] }

  /// Scaled to a largest number of 1.
  private static func checked(_ values: [Float]) throws -> [Float] {
    if let index = values.firstIndex(where: { !$0.isFinite || $0 < 0 }) {
      throw Diagnostic.error(
        .malformed, "the importance of channel \(index) is \(values[index])",
        fix: "give finite numbers of 0 or more")
    }
    let most = values.max() ?? 0
    guard most > 0 else {
      throw Diagnostic.error(
        .malformed, "no channel has an importance above 0", fix: "leave the weight out")
    }
    return values.map { $0 / most }
  }
}

/// The importance of the elements of one weight.
struct Importance: Sendable {
  /// One number of 0 to 1 per input channel.
  let values: [Float]
  /// Elements from one input channel to the next.
  let stride: Int

  /// Writes the importance of the elements in `range`.
  func expand(_ range: Range<Int>, into target: UnsafeMutablePointer<Float>) {
    var element = range.lowerBound
    var place = target
    var channel = element / stride % values.count
    while element < range.upperBound {
      let end = min((element / stride + 1) * stride, range.upperBound)
      place.update(repeating: values[channel], count: end - element)
      place += end - element
      element = end
      channel = channel + 1 == values.count ? 0 : channel + 1
    }
  }

  var key: String {
    "\(values.withUnsafeBytes { ContentHash.of($0) }),\(stride)"
  }
}
