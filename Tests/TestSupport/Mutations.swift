// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Sound input with a few bytes changed, in a fixed pseudo-random order: the same on every run.
package struct Mutations {
  /// A linear congruential generator.
  private struct Dice: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ state >> 29
    }
  }

  private let bytes: [UInt8]
  private let words: [[UInt8]]
  private let cuts: Bool

  /// Variants of `bytes`. Some of them have one of `words` written into them, where there are any,
  /// and with `cuts` some end early.
  package init(of bytes: [UInt8], words: [String] = [], cuts: Bool = false) {
    self.bytes = bytes
    self.words = words.map { Array($0.utf8) }
    self.cuts = cuts
  }

  /// Gives `check` each of `count` variants; it says whether the variant could be read.
  package func forEach(
    _ count: Int, _ check: ([UInt8]) throws -> Bool
  ) rethrows -> (read: Int, refused: Int) {
    var dice = Dice(state: 0x5eed)
    var read = 0
    for _ in 0..<count where try check(variant(&dice)) { read += 1 }
    return (read, count - read)
  }

  private func variant(_ dice: inout Dice) -> [UInt8] {
    var variant = bytes
    for _ in 0..<Int.random(in: 1...3, using: &dice) {
      let place = Int.random(in: 0..<variant.count, using: &dice)
      switch Int.random(in: 0..<(4 + (words.isEmpty ? 0 : 3)), using: &dice) {
      case 0: variant[place] = UInt8.random(in: 0...255, using: &dice)
      case 1: variant[place] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
      case 2 where variant.count > 8: variant.remove(at: place)
      case 4...: overwrite(&variant, at: place, &dice)
      default:
        variant.insert([0, 1, 0x7f, 0x80, 0xff].randomElement(using: &dice) ?? 0, at: place)
      }
    }
    if cuts, Int.random(in: 0..<16, using: &dice) == 0 {
      variant.removeLast(Int.random(in: 1..<variant.count, using: &dice))
    }
    return variant
  }

  /// A word in place of the word or number around `place`.
  private func overwrite(_ variant: inout [UInt8], at place: Int, _ dice: inout Dice) {
    let isWord: (UInt8) -> Bool = { byte in
      byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }
    var (start, end) = (place, place)
    while start > 0, isWord(variant[start - 1]) { start -= 1 }
    while end < variant.count, isWord(variant[end]) { end += 1 }
    variant.replaceSubrange(start..<end, with: words.randomElement(using: &dice) ?? [])
  }
}

extension Mutations {
  /// Numbers and values that readers of text stumble over.
  package static let wordsOfJSON = [
    "-1", "0", "1", "2", "99", "4294967296", "9223372036854775807", "-9223372036854775808", "1e400",
    "null", "true", "[]", "{}", "\"\"",
  ]

  /// Whether `body` ends well. Failures that are neither about malformed nor about unsupported input
  /// come out in `oddities`.
  package static func succeeds(
    _ oddities: inout [String], _ body: () throws -> Void
  ) -> Bool {
    do {
      try body()
      return true
    } catch {
      let list = (error as? DiagnosticList)?.diagnostics ?? [error as? Diagnostic].compactMap { $0 }
      let kinds: Set<Diagnostic.Kind> = [.malformed, .unsupported]
      if list.isEmpty || !list.allSatisfy({ kinds.contains($0.code.kind) }) {
        oddities.append("\(error)")
      }
      return false
    }
  }
}
