// SPDX-License-Identifier: Apache-2.0
import Compression
import Diagnostics
import MIL
import Tensors
import TestSupport
import Testing

@Suite struct PruningTests {
  private func pruning(_ recorded: RecordedPruning) -> PruningScheme {
    let axis: PruningScheme.Axis = recorded.axis == 0 ? .output : .input
    return switch recorded.kind {
    case .threshold: .threshold(recorded.number, minimumSparsity: 0)
    case .share: .magnitude(sparsity: recorded.number)
    case .blocks: .blocks(recorded.first, axis, sparsity: recorded.number)
    case .pattern: .pattern(zeros: recorded.first, group: recorded.second, axis)
    }
  }

  @Test(arguments: RecordedPruning.all)
  func keepsWhatCoremltoolsKeeps(recorded: RecordedPruning) throws {
    let weight = recorded.weight
    let source = MemorySource(
      try TensorData(
        dtype: weight.isHalf ? .float16 : .float32, shape: weight.shape, bytes: weight.bytes))
    let axes = ChannelAxes(output: 0, input: 1)
    let mask = PrunedMask.mask(source, pruning(recorded), axes: axes)
    #expect((mask == nil) == (recorded.mask == nil))
    guard let mask, let expected = recorded.mask else { return }
    #expect(try bits(mask, 0..<source.count) == expected)
  }

  @Test func recordingIsThere() {
    #expect(RecordedPruning.all.count > 1000)
  }

  private func bits(_ mask: any SparseMask, _ range: Range<Int>) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0xAA, count: (range.count + 7) / 8)
    try mask.read(range, into: &bytes)
    return bytes
  }

  /// A weight larger than the pieces that are worked on, and how its channels are grouped.
  struct Large: Sendable, CustomTestStringConvertible {
    var shape: [Int]
    var pruning: PruningScheme
    var testDescription: String { "\(shape) \(pruning)" }
  }

  static let large = [
    Large(shape: [3, 70_001], pruning: .magnitude(sparsity: 0.6)),
    Large(shape: [300, 700], pruning: .blocks(4, .output, sparsity: 0.5)),
    Large(shape: [301, 701], pruning: .blocks(4, .output, sparsity: 0.5)),
    Large(shape: [301, 701], pruning: .blocks(16, .input, sparsity: 0.5)),
    Large(shape: [301, 700], pruning: .pattern(zeros: 2, group: 4, .input)),
    Large(shape: [301, 701], pruning: .pattern(zeros: 2, group: 4, .input)),
    Large(shape: [301, 701], pruning: .pattern(zeros: 3, group: 5, .output)),
    Large(shape: [40, 33, 3, 7], pruning: .pattern(zeros: 9, group: 16, .input)),
    Large(shape: [5, 150_001], pruning: .blocks(2, .output, sparsity: 0.5)),
    // A unit of 1.2 million elements, read some columns at a time.
    Large(shape: [41, 60_000], pruning: .blocks(20, .output, sparsity: 0.5)),
    Large(shape: [41, 60_000], pruning: .pattern(zeros: 7, group: 20, .output)),
    // Groups longer than that along a row.
    Large(shape: [1, 2_500_000], pruning: .pattern(zeros: 600_000, group: 1_200_000, .input)),
  ]

  private func source(_ shape: [Int], dtype: DType = .float16) throws -> MemorySource {
    var numbers = Numbers(seed: 5)
    let values = (0..<shape.reduce(1, *)).map { _ in Double(numbers.unit()) }
    return MemorySource(try TensorData(values, as: dtype, shape: shape))
  }

  /// Tiles from anywhere give what the whole gives, and the whole what the definition says.
  @Test(arguments: large)
  func largeWeights(large: Large) throws {
    let source = try source(large.shape)
    let mask = try #require(
      PrunedMask.mask(source, large.pruning, axes: ChannelAxes(output: 0, input: 1)))
    let whole = try bits(mask, 0..<source.count)
    let kept = try KeptElements(mask)
    #expect(kept.count == whole.reduce(0) { $0 + $1.nonzeroBitCount })
    var numbers = Numbers(seed: 9)
    for _ in 0..<4 {
      let start = Int(numbers.unit().magnitude * Float(source.count)) / 8 * 8
      let end = min(source.count, start + 1 + Int(numbers.unit().magnitude * 90_000))
      var expected = Array(whole[(start / 8)..<((end + 7) / 8)])
      if (end - start) % 8 != 0 { expected[expected.count - 1] &= 1 << ((end - start) % 8) - 1 }
      #expect(try bits(mask, start..<end) == expected)
    }
    try expectShares(large, source, whole)
  }

  /// Counts of what is kept, which follow from the scheme alone where no magnitude is zero or tied.
  private func expectShares(_ large: Large, _ source: MemorySource, _ whole: [UInt8]) throws {
    let ones = whole.reduce(0) { $0 + $1.nonzeroBitCount }
    switch large.pruning {
    case .pattern(let zeros, let group, let axis):
      let channels = large.shape[axis == .output ? 0 : 1]
      let (full, rest) = (channels / group, channels % group)
      let perLine = full * (group - zeros) + min(rest, group - zeros)
      let zeroElements = try source.materialized().floats.count { $0 == 0 }
      #expect(abs(ones - source.count / channels * perLine) <= zeroElements)
    case .magnitude(let share), .blocks(_, _, let share):
      let expected = (1 - share) * Double(source.count)
      #expect(abs(Double(ones) - expected) < 0.005 * Double(source.count))
    case .threshold, .stored: Issue.record("not among the cases")
    }
  }
}
