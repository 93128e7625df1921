// SPDX-License-Identifier: Apache-2.0

/// The sliding window of a convolution or pooling over the spatial axes of `x`.
package struct SlidingWindow: Sendable {
  /// How the border is padded.
  package enum Padding: String, Sendable, CaseIterable {
    case valid, same, custom
    /// As `same`, with the odd element before instead of after. Since iOS 16.
    case sameLower = "same_lower"
  }

  /// Extents of the kernel.
  package var kernel: [Dim]
  package var strides: [Int]
  package var dilations: [Int]
  package var padding: Padding
  /// Before and after, per spatial axis; used by `custom` alone.
  package var pads: [Int]
  package var ceilMode = false
}

extension OpContext {
  /// The window that `strides`, `dilations`, `pad_type` and `pad` describe over a kernel.
  ///
  /// Throws where an operand has not one element per spatial axis (`pad`: two), a stride or
  /// dilation is below 1, a pad is negative, or the opset lacks the kind of padding.
  package func window(kernel: [Dim]) throws -> SlidingWindow {
    let count = kernel.count
    return SlidingWindow(
      kernel: kernel, strides: try positive("strides", count: count),
      dilations: signature.operand("dilations") == nil
        ? Array(repeating: 1, count: count) : try positive("dilations", count: count),
      padding: try padding(), pads: try pads(count: count))
  }

  private func positive(_ name: String, count: Int) throws -> [Int] {
    let found = try ints(name, count: count, default: 1)
    guard found.allSatisfy({ $0 >= 1 }) else {
      throw fault("'\(name)' is \(describe(found)); every element must be 1 or more")
    }
    return found
  }

  private func pads(count: Int) throws -> [Int] {
    let found = try ints("pad", count: 2 * count, default: 0)
    guard found.allSatisfy({ $0 >= 0 }) else {
      throw fault("'pad' is \(describe(found)); every element must be 0 or more")
    }
    return found
  }

  private func padding() throws -> SlidingWindow.Padding {
    let spelling = try string("pad_type")
    // Pooling ignores the case of the word, and so do programs in circulation.
    guard let padding = SlidingWindow.Padding(rawValue: spelling.lowercased()) else {
      let names = SlidingWindow.Padding.allCases.map(\.rawValue).joined(separator: ", ")
      throw fault("'pad_type' is '\(spelling)', not one of \(names)", .unsupportedArgument)
    }
    if padding == .sameLower && opset < .iOS16 {
      throw fault(
        "'pad_type' is 'same_lower', which \(opset) does not allow", .unsupportedByTarget,
        fix: "use a target of \(Opset.iOS16) or later")
    }
    return padding
  }

  /// The extents that `window` gives over `extents`. Throws where a known one is not positive.
  package func outputExtents(_ window: SlidingWindow, over extents: [Dim]) throws -> [Dim] {
    try extents.indices.map { axis in
      let size = window.outputExtent(axis: axis, over: extents[axis])
      if let fixed = size.fixed, fixed <= 0 {
        throw fault(
          "the window of \(window.effectiveKernel(axis)) does not fit in spatial axis \(axis) "
            + "of extent \(extents[axis])", .shapeMismatch)
      }
      return size
    }
  }
}

extension SlidingWindow {
  /// The extent of the kernel with its gaps.
  package func effectiveKernel(_ axis: Int) -> Dim {
    (kernel[axis] - 1) * .fixed(dilations[axis]) + 1
  }

  fileprivate func outputExtent(axis: Int, over extent: Dim) -> Dim {
    let stride = Dim.fixed(strides[axis])
    let (before, after) = padding == .custom ? (pads[2 * axis], pads[2 * axis + 1]) : (0, 0)
    switch padding {
    // Enough padding that every `stride`th element is the start of a window.
    case .same, .sameLower: return .floorDiv(extent + stride - 1, stride)
    case .valid, .custom: break
    }
    let room = extent + .fixed(before) + .fixed(after) - effectiveKernel(axis)
    guard ceilMode else { return .floorDiv(room, stride) + 1 }
    let size = Dim.floorDiv(room + stride - 1, stride) + 1
    // The last window must start within the input or the padding before it.
    if before == 0 { return size }
    return .min(size, .floorDiv(extent + .fixed(before) + stride - 1, stride))
  }
}
