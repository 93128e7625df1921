// SPDX-License-Identifier: Apache-2.0
import CKernels
package import Diagnostics

/// float32 weights as float16, with the constants that stand for infinity kept meaningful.
///
/// A finite value of `sentinel` and beyond is a mask's "minus infinity" (float32's minimum, -1e9)
/// and becomes `mask` of its sign; nonzero values below float16's smallest become that, where
/// `keepsNonzero` (an epsilon must not vanish). Anything else outside the range is refused.
package final class HalfSource: WeightSource {
  private let source: any WeightSource
  private let name: String
  private let limits: Limits
  private let location: Location?

  package struct Limits: Hashable, Sendable {
    /// What finite values of `sentinel` and beyond become.
    package var mask: Float
    /// From here on a finite value is meant as an infinity.
    package var sentinel: Float
    /// Whether nonzero values that would vanish become the smallest float16.
    package var keepsNonzero: Bool

    package init(mask: Float, sentinel: Float, keepsNonzero: Bool) {
      self.mask = mask
      self.sentinel = sentinel
      self.keepsNonzero = keepsNonzero
    }
  }

  package var dtype: DType { .float16 }
  package var shape: [Int] { source.shape }
  package var key: String {
    "half(\(source.key),\(limits.mask),\(limits.sentinel),\(limits.keepsNonzero))"
  }

  package init(_ source: any WeightSource, name: String, limits: Limits, location: Location?) {
    self.source = source
    self.name = name
    self.limits = limits
    self.location = location
  }

  package func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    let tile = 1 << 15
    let floats = UnsafeMutableBufferPointer<Float>.allocate(capacity: min(tile, range.count))
    defer { floats.deallocate() }
    var start = range.lowerBound
    while start < range.upperBound {
      let part = start..<min(start + tile, range.upperBound)
      let values = UnsafeMutableBufferPointer(rebasing: floats[..<part.count])
      try source.read(part, into: UnsafeMutableRawBufferPointer(values))
      let target = buffer.baseAddress.map { $0 + (part.lowerBound - range.lowerBound) * 2 }
      try convert(values, to: target?.assumingMemoryBound(to: UInt16.self), at: part.lowerBound)
      start = part.upperBound
    }
  }

  private func convert(
    _ values: UnsafeMutableBufferPointer<Float>, to target: UnsafeMutablePointer<UInt16>?,
    at origin: Int
  ) throws {
    var overflowed: UInt64 = 0
    var vanished: UInt64 = 0
    mpk_f32_to_f16_counted(values.baseAddress, target, values.count, &overflowed, &vanished)
    guard overflowed > 0 || vanished > 0 && limits.keepsNonzero else { return }
    for index in values.indices { values[index] = try adjusted(values[index], at: origin + index) }
    mpk_f32_to_f16(values.baseAddress, target, values.count)
  }

  private func adjusted(_ value: Float, at index: Int) throws -> Float {
    let size = value.magnitude
    if value == 0 || !value.isFinite { return value }
    if size >= limits.sentinel { return value < 0 ? -limits.mask : limits.mask }
    if size < 0x1p-24 && limits.keepsNonzero { return value < 0 ? -0x1p-24 : 0x1p-24 }
    // Halfway past the largest float16 rounding gives infinity.
    guard size < 65520 else {
      throw Diagnostic.error(
        .notRepresentable, at: location,
        "the weight '\(name)' holds \(value) at element \(index), beyond float16's 65504",
        fix: "convert with --precision float32")
    }
    return value
  }

  package var grain: Int? { source.grain }
  package func announce(_ range: Range<Int>) { source.announce(range) }

  package func permuted(_ axes: [Int]) -> (any WeightSource)? {
    source.permuted(axes).map { HalfSource($0, name: name, limits: limits, location: location) }
  }

  package func sliced(starts: [Int], shape: [Int], steps: [Int]) -> (any WeightSource)? {
    source.sliced(starts: starts, shape: shape, steps: steps).map {
      HalfSource($0, name: name, limits: limits, location: location)
    }
  }

  package func reshaped(_ shape: [Int]) -> (any WeightSource)? {
    source.reshaped(shape).map {
      HalfSource($0, name: name, limits: limits, location: location)
    }
  }
}
