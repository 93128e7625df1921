// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Where the memory of the process comes from.
package enum Allocator {
  /// Has large blocks given back to the system as soon as they are freed: panels of weights to be
  /// transposed are megabytes each, and the holes that they leave in a heap add up.
  package static func returnLargeBlocks() { mpk_return_large_blocks() }
}
