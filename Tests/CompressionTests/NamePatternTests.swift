// SPDX-License-Identifier: Apache-2.0
import Compression
import Testing

@Suite struct NamePatternTests {
  @Test(arguments: [
    ("", "", true), ("", "a", false), ("a", "a", true), ("a", "ab", false), ("*", "", true),
    ("*", "anything", true), ("a*", "abc", true), ("a*", "bac", false), ("*c", "abc", true),
    ("*c", "abcd", false), ("a*c", "ac", true), ("a*c", "abcbc", true),
    ("a*b*c", "axxbyybzc", true),
    ("a?c", "abc", true), ("a?c", "ac", false), ("layers.*.weight", "layers.0.up.weight", true),
    ("layers.*.weight", "layers_0_weight", false), ("**a**", "bab", true), ("?", "", false),
  ])
  func matches(pattern: String, name: String, expected: Bool) {
    #expect(NamePattern(pattern).matches(name) == expected)
  }
}
