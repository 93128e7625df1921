// SPDX-License-Identifier: Apache-2.0
import CKernels
package import MIL
package import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A weight of which a mask and the elements that it keeps are stored, those as they are or in a
/// further scheme.
package final class SparseWeight: CompressedWeight {
  package let source: any WeightSource
  package let scheme: CompressionScheme
  private let mask: any SparseMask
  /// The weight with its zeros in the further scheme; `nil` if there is none.
  private let stored: (any CompressedWeight)?
  private let counted = Lazily<KeptElements>()

  /// C1: `mask` has the shape of `source`; `stored` is a scheme of the weight with its zeros.
  package init(
    _ source: any WeightSource, _ mask: any SparseMask, _ pruning: PruningScheme,
    stored: (any CompressedWeight)? = nil
  ) {
    self.source = source
    self.mask = mask
    self.stored = stored
    scheme = CompressionScheme(pruning: pruning, stored?.scheme.values ?? .dense)
  }

  package var key: String { "sparse(\(mask.key),\(stored?.key ?? source.key))" }

  package func expression(in opset: Opset) throws -> WeightExpression {
    try SparseForm.check(scheme.values, opset: opset)
    let form = SparseForm(kept: try counted.value { try KeptElements(mask) }, shape: source.shape)
    guard let stored else { return try form.expression(source, in: opset) }
    return try form.expression(of: stored.expression(in: opset))
  }

  /// Infinities and NaNs that are kept are stored as they are.
  package func isFinite() throws -> Bool { try stored?.isFinite() ?? true }

  package func error() throws -> WeightError {
    var sums = mpk_error()
    let decoded = try expression(in: .iOS18).decoded()
    for start in stride(from: 0, to: source.count, by: mask.tile) {
      let range = start..<min(start + mask.tile, source.count)
      try withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * range.count) { buffer in
        guard let original = buffer.baseAddress else { return }
        try source.readFloats(range, into: original)
        try decoded.readFloats(range, into: original + range.count)
        mpk_accumulate_error(original, original + range.count, range.count, &sums)
      }
    }
    let ratio = sums.noise == 0 ? Double.infinity : sums.signal / sums.noise
    return WeightError(
      decibels: 10 * log10(ratio), largest: sums.largest,
      saturated: try stored?.error().saturated ?? 0)
  }
}
