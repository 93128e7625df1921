// SPDX-License-Identifier: Apache-2.0
import Tensors

/// How a row-major weight is divided into blocks that each have a scale.
///
/// Every division along whole axes and along two channel axes is, in memory,
/// `[repeats, panels, rows, columns, inner]`, where panels and columns number the blocks and the
/// others run within a block. A panel is contiguous but for the repeats.
package struct BlockLayout: Hashable, Sendable {
  package let shape: [Int]
  /// Elements of a block along each axis; each divides its extent.
  package let blockShape: [Int]
  let repeats: Int
  let panels: Int
  let rows: Int
  let columns: Int
  let inner: Int

  /// `nil` unless every extent of `blockShape` divides the one of `shape`; both without zeros.
  package init?(shape: [Int], blockShape: [Int]) {
    guard shape.count == blockShape.count, zip(shape, blockShape).allSatisfy({ $0 > 0 && $1 > 0 }),
      zip(shape, blockShape).allSatisfy({ $0 % $1 == 0 })
    else { return nil }
    self.shape = shape
    self.blockShape = blockShape
    // Runs of axes from the last to the first; even places lie within a block, odd ones number them.
    var runs = [1]
    for (extent, block) in zip(shape, blockShape).reversed() {
      for (size, numbers) in [(block, false), (extent / block, true)] where size > 1 {
        if (runs.count % 2 == 0) != numbers { runs.append(1) }
        runs[runs.count - 1] *= size
      }
    }
    guard runs.count <= 5 else { return nil }
    runs += [Int](repeating: 1, count: 5 - runs.count)
    inner = runs[0]
    rows = runs[2]
    // Without rows, each block is contiguous and a panel of its own.
    columns = rows == 1 ? 1 : runs[1]
    panels = rows == 1 ? runs[1] * runs[3] : runs[3]
    repeats = runs[4]
  }

  /// The blocks along each axis: the shape of scales and zero points.
  package var scaleShape: [Int] { zip(shape, blockShape).map { $0 / $1 } }
  package var blockCount: Int { panels * columns }
  var rowLength: Int { columns * inner }
  var panelLength: Int { rows * rowLength }
  var isContiguous: Bool { rows == 1 && repeats == 1 }
}

/// Which axes of a weight its operation contracts over and produces.
package struct ChannelAxes: Hashable, Sendable {
  package let output: Int
  package let input: Int

  package init(output: Int, input: Int) {
    self.output = output
    self.input = input
  }

  /// The blocks of `granularity` in a weight of `shape`; `nil` if they do not divide it.
  package func layout(_ shape: [Int], _ granularity: QuantizationScheme.Granularity)
    -> BlockLayout?
  {
    var blocks = shape
    switch granularity {
    case .perTensor: break
    case .perChannel: blocks[output] = 1
    case .block(let size):
      blocks[output] = 1
      blocks[input] = size
    }
    return BlockLayout(shape: shape, blockShape: blocks)
  }
}
