// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Testing

/// Result types against those that coremltools infers.
@Suite struct InferenceTests {
  struct Recorded: CustomTestStringConvertible, Sendable {
    let operation: OperationCase
    let types: [String]
    var testDescription: String { operation.text }

    static let all = fixtureLines("results.txt").compactMap { line -> Recorded? in
      let parts = line.split(separator: "=>").map { $0.split(separator: " ").map(String.init) }
      guard parts.count == 2 else { return nil }
      return Recorded(
        operation: OperationCase(parts[0].joined(separator: " ")), types: parts[1])
    }
  }

  @Test func recordsAreThere() {
    #expect(Recorded.all.count > 200)
    #expect(Recorded.all.count == fixtureLines("shape-cases.txt").count)
  }

  @Test(arguments: Recorded.all) func agreesWithCoreMLTools(_ recorded: Recorded) throws {
    if recorded.types == ["error"] {
      #expect(throws: Diagnostic.self) { try recorded.operation.results() }
      return
    }
    let found = try recorded.operation.results().compactMap(\.tensor)
    let expected = recorded.types.map(tensorType)
    #expect(found.map(\.dtype) == expected.map(\.dtype))
    #expect(found.map { $0.shape.map(\.fixed) } == expected.map { $0.shape.map(\.fixed) })
  }

  /// What coremltools forgets, symbolic extents keep.
  @Test(arguments: [
    ("add iOS15 x=float16[s,1] y=float16[1,t]", "float16[s, t]"),
    (
      "conv iOS15 x=float16[b,3,h,9] weight=float16[4,3,3,3]! strides=[2,1]",
      "float16[b, 4, floordiv(h + 1, 2) - 1, 7]"
    ),
    (
      "conv iOS15 x=float16[1,3,h] weight=float16[4,3,3]! pad_type=\"same\" strides=[2]",
      "float16[1, 4, floordiv(h + 1, 2)]"
    ),
    (
      "conv iOS15 x=float16[1,3,h] weight=float16[4,3,3]! pad_type=\"custom\" pad=[1,1]",
      "float16[1, 4, h]"
    ),
    (
      "conv_transpose iOS15 x=float16[1,3,h] weight=float16[3,4,4]! strides=[2] "
        + "pad_type=\"custom\" pad=[1,1]", "float16[1, 4, 2 * h]"
    ),
    (
      "max_pool iOS15 x=float16[1,3,h] kernel_sizes=[2] strides=[2] pad_type=\"valid\"",
      "float16[1, 3, floordiv(h, 2)]"
    ),
    (
      "max_pool iOS15 x=float16[1,3,h] kernel_sizes=[3] strides=[2] pad_type=\"custom\" pad=[1,1] "
        + "ceil_mode=true",
      "float16[1, 3, floordiv(h, 2) + 1]"
    ),
    ("matmul iOS15 x=float16[b,s,4] y=float16[1,t,4] transpose_y=true", "float16[b, s, t]"),
    (
      "upsample_nearest_neighbor iOS15 x=float16[1,h,w] scale_factor_height=2 "
        + "scale_factor_width=2", "float16[1, 2 * h, 2 * w]"
    ),
    (
      "crop iOS15 x=float16[1,h,w] crop_height=[1,2] crop_width=[0,1]",
      "float16[1, h - 3, w - 1]"
    ),
    (
      "scaled_dot_product_attention iOS18 query=float16[1,8,s,64] key=float16[1,8,t,64] "
        + "value=float16[1,8,t,32] attn_mask=float16[s,t]", "float16[1, 8, s, 32]"
    ),
    (
      "lstm iOS17 x=float16[s,b,3] initial_h=float16[b,4] initial_c=float16[b,4] "
        + "weight_ih=float16[16,3]! weight_hh=float16[16,4]! output_sequence=true",
      "float16[s, b, 4]"
    ),
    ("resize iOS17 x=float16[1,h,w] shape=[0,8] resized_dims=2", "float16[1, h, 8]"),
  ])
  func keepsSymbols(_ text: String, _ expected: String) throws {
    #expect(try OperationCase(text).results().first?.description == expected)
  }
}
