// SPDX-License-Identifier: Apache-2.0
import ModelPackKit
import Testing

@Suite struct SuggestionTests {
  @Test(
    arguments: [
      ("tokns", "tokens"), ("toknes", "tokens"), ("Mask", "mask"), ("mask_0", "mask"),
      ("maximum", nil), ("x", nil),
      ("attention_maks", "attention_mask"),
    ] as [(String, String?)])
  func nearest(_ name: String, _ expected: String?) {
    let known = ["tokens", "mask", "attention_mask"]
    #expect(Suggestion.nearest(to: name, among: known) == expected)
  }
}
