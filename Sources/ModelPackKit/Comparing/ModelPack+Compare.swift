// SPDX-License-Identifier: Apache-2.0
import CoreMLPackage
import Diagnostics

extension ModelPack {
  /// The error between the weights of two packages of one model, the first of which is right.
  ///
  /// Compressed weights are decoded, a tile at a time. Throws what reading either package throws.
  public static func compare(_ first: String, _ second: String) throws -> WeightComparison {
    let (a, b) = (try ModelPackage(contentsOf: first), try ModelPackage(contentsOf: second))
    return try WeightComparison(WeightMatching(a.program, b.program))
  }
}
