// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL

/// The window of a convolution or pooling as the attributes of a node give it.
struct SpatialWindow {
  var kernel: [Int]
  var strides: [Int]
  var dilations: [Int]
  /// Padding before and after each spatial axis; `nil` where Core ML has to find it.
  var pads: [(before: Int, after: Int)]
  /// Core ML's name for how it pads.
  var padType = "custom"

  /// - Parameter extents: those of the spatial axes of the input.
  init(_ node: NodeCall, kernel: [Int], extents: [Dim]) throws {
    let count = kernel.count
    self.kernel = kernel
    func positive(_ name: String) throws -> [Int] {
      let found = try node.ints(name) ?? Array(repeating: 1, count: count)
      guard found.count == count, found.allSatisfy({ $0 > 0 }) else {
        throw node.fault(
          .malformed, "attribute '\(name)' is \(found); it needs \(count) positive numbers")
      }
      return found
    }
    guard extents.count == count, kernel.allSatisfy({ $0 > 0 }) else {
      throw node.fault(
        .malformed, "the kernel \(kernel) does not fit \(extents.count) spatial axes")
    }
    strides = try positive("strides")
    dilations = try positive("dilations")
    pads = Array(repeating: (0, 0), count: count)
    let mode = try node.choice(
      "auto_pad", ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"], default: "NOTSET")
    switch mode {
    case "NOTSET": try readPads(node)
    case "VALID": break
    default: padSame(extents, lower: mode == "SAME_LOWER")
    }
  }

  private mutating func readPads(_ node: NodeCall) throws {
    guard let given = try node.ints("pads") else { return }
    guard given.count == 2 * kernel.count else {
      throw node.fault(
        .malformed, "attribute 'pads' has \(given.count) numbers, not \(2 * kernel.count)")
    }
    guard given.allSatisfy({ $0 >= 0 }) else {
      throw node.fault(
        .unsupportedArgument, "attribute 'pads' is \(given); negative padding is not supported",
        fix: "slice the input before the node")
    }
    pads = kernel.indices.map { (given[$0], given[$0 + kernel.count]) }
  }

  /// As many outputs as strides fit in the input.
  private mutating func padSame(_ extents: [Dim], lower: Bool) {
    guard extents.allSatisfy(\.isFixed) else {
      padType = lower ? "same_lower" : "same"
      return
    }
    for (axis, extent) in extents.enumerated() {
      let extent = extent.fixed ?? 1
      let outputs = (extent + strides[axis] - 1) / strides[axis]
      let total = max(0, (outputs - 1) * strides[axis] + reach(axis) - extent)
      let half = total / 2
      pads[axis] = lower ? (total - half, half) : (half, total - half)
    }
  }

  /// The extent of the kernel with its gaps.
  func reach(_ axis: Int) -> Int { (kernel[axis] - 1) * dilations[axis] + 1 }

  /// The pads as Core ML orders them: before and after, axis by axis.
  var interleaved: [Int] { pads.flatMap { [$0.before, $0.after] } }

  /// The number of places of the window over `extent`.
  func outputs(_ axis: Int, over extent: Int, ceil: Bool = false) -> Int {
    let (before, after) = pads[axis]
    let room = extent + before + after - reach(axis)
    let stride = strides[axis]
    guard ceil else { return room / stride + 1 }
    let count = (room + stride - 1) / stride + 1
    // The last window starts within the input or the padding before it.
    return (count - 1) * stride >= extent + before ? count - 1 : count
  }
}
