// SPDX-License-Identifier: Apache-2.0
import CKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How far a quantized weight is from the original.
package struct WeightError: Hashable, Sendable {
  /// Signal to noise in decibels; infinite where nothing is lost.
  package let decibels: Double
  /// The largest difference of an element.
  package let largest: Double
  /// The share of codes at either end of the range, 0 to 1.
  package let saturated: Double
}
