// SPDX-License-Identifier: Apache-2.0
import Tensors

extension ModelPack {
  /// From now on large blocks of memory are given back to the system as soon as they are freed, so
  /// that the process stays small. A choice for the whole process: for a program to make, not for a
  /// library.
  public static func returnLargeBlocks() { Allocator.returnLargeBlocks() }
}
