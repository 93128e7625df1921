// SPDX-License-Identifier: Apache-2.0
import CKernels

/// The processors that work is spread over.
package enum Processors {
  /// How many this process may run on: what the affinity mask allows, not what the machine has.
  /// Beyond 32, where memory rather than computing is short, no more are used.
  package static let count = min(32, max(1, Int(mpk_processor_count())))
}
