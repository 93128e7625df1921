// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

/// The leaf loops. Serialized, because choosing an instruction set concerns the whole process.
@Suite(.serialized) struct CKernelsTests {
  /// Runs `body` at every level that this machine has, and restores the best one.
  static func atEveryLevel<Result>(_ body: (Int32) throws -> Result) rethrows -> [Result] {
    defer { mpk_force_level(-1) }
    return try (0...mpk_best_level()).map { level in
      mpk_force_level(level)
      return try body(level)
    }
  }

  /// The results of `body` at the portable level, and whether every other level gives the same.
  static func agreed<Result: Equatable>(
    _ body: () throws -> Result, sourceLocation: SourceLocation = #_sourceLocation
  ) rethrows -> Result {
    let results = try atEveryLevel { _ in try body() }
    for (level, result) in results.enumerated() where result != results[0] {
      Issue.record("level \(level) differs from portable", sourceLocation: sourceLocation)
    }
    return results[0]
  }
}

/// A fixed sequence of numbers that look random.
struct Numbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_F491_4F6C_DD1D
  }

  mutating func below(_ limit: Int) -> Int { Int(next() >> 33) % limit }

  /// In -1..<1.
  mutating func unit() -> Float { Float(Int64(bitPattern: next()) >> 40) / 0x1p23 }

  mutating func floats(_ count: Int) -> [Float] { (0..<count).map { _ in unit() } }
}
