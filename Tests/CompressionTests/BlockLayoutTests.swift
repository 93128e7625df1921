// SPDX-License-Identifier: Apache-2.0
import Compression
import Testing

@Suite struct BlockLayoutTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var shape: [Int]
    var block: [Int]
    var scales: [Int]
    var testDescription: String { "\(shape) in \(block)" }
  }

  @Test(arguments: [
    Case(shape: [6, 8], block: [1, 4], scales: [6, 2]),
    Case(shape: [6, 8], block: [6, 8], scales: [1, 1]),
    Case(shape: [4, 6, 3, 3], block: [1, 2, 3, 3], scales: [4, 3, 1, 1]),
    Case(shape: [4, 6, 3], block: [2, 1, 3], scales: [2, 6, 1]),
    Case(shape: [3, 8, 5], block: [3, 4, 1], scales: [1, 2, 5]),
    Case(shape: [1, 1], block: [1, 1], scales: [1, 1]),
  ])
  func scaleShape(_ problem: Case) throws {
    let layout = try #require(BlockLayout(shape: problem.shape, blockShape: problem.block))
    #expect(layout.scaleShape == problem.scales)
    #expect(layout.blockCount == problem.scales.reduce(1, *))
  }

  @Test(arguments: [
    Case(shape: [6, 8], block: [1, 3], scales: []),
    Case(shape: [6, 8], block: [1, 16], scales: []),
    Case(shape: [6, 0], block: [1, 1], scales: []),
    Case(shape: [6, 8], block: [1, 0], scales: []),
    Case(shape: [6, 8], block: [1], scales: []),
  ])
  func whatDoesNotDivide(_ problem: Case) {
    #expect(BlockLayout(shape: problem.shape, blockShape: problem.block) == nil)
  }

  @Test func granularities() {
    let shape = [6, 8, 3]
    let axes = ChannelAxes(output: 1, input: 0)
    #expect(axes.layout(shape, .perTensor)?.blockShape == [6, 8, 3])
    #expect(axes.layout(shape, .perChannel)?.blockShape == [6, 1, 3])
    #expect(axes.layout(shape, .block(2))?.blockShape == [2, 1, 3])
    #expect(axes.layout(shape, .block(4)) == nil)
  }
}
