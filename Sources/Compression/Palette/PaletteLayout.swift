// SPDX-License-Identifier: Apache-2.0
import Tensors

/// How a row-major weight is divided into groups of channels that each have a table.
///
/// In memory a weight is `[outer, channels, inner]`; a group is a run of channels, so `outer` spans
/// of `groupSize * inner` contiguous elements. A unit is the elements of the channels that share
/// indices, `[clusterSize, inner]`, and has `inner` indices.
package struct PaletteLayout: Hashable, Sendable {
  package let shape: [Int]
  package let axis: Int
  /// Channels of a group.
  package let groupSize: Int
  package let clusterSize: Int
  let outer: Int
  let channels: Int
  let inner: Int

  /// `nil` unless the weight has elements, groups (all channels if not given) divide its channels
  /// and vectors divide the groups.
  package init?(shape: [Int], axis: Int, groupSize: Int?, clusterSize: Int) {
    guard shape.indices.contains(axis), !shape.contains(0), clusterSize >= 1 else { return nil }
    let size = groupSize ?? shape[axis]
    guard size >= 1, shape[axis] % size == 0, size % clusterSize == 0 else { return nil }
    self.shape = shape
    self.axis = axis
    self.groupSize = size
    self.clusterSize = clusterSize
    outer = shape[..<axis].reduce(1, *)
    channels = shape[axis]
    inner = shape[(axis + 1)...].reduce(1, *)
  }

  package var groupCount: Int { channels / groupSize }
  /// Elements of a group that lie together.
  var span: Int { groupSize * inner }
  var groupElements: Int { outer * span }
  var rowLength: Int { channels * inner }
  /// Whether each group is one contiguous range.
  var isContiguous: Bool { outer == 1 || groupCount == 1 }

  var unit: Int { clusterSize * inner }
  var unitsPerSpan: Int { groupSize / clusterSize }
  var unitsPerRow: Int { channels / clusterSize }

  package var indexShape: [Int] {
    var result = shape
    result[axis] /= clusterSize
    return result
  }

  /// The shape of the tables of `entries` entries.
  package func tableShape(_ entries: Int) -> [Int] {
    groupShape + [entries, clusterSize]
  }

  /// Groups along each axis.
  private var groupShape: [Int] {
    var result = [Int](repeating: 1, count: shape.count)
    result[axis] = groupCount
    return result
  }

  /// The shape of the scales of quantized tables: one each.
  var tableScaleShape: [Int] { groupShape + [1, 1] }

  /// The shape of the scales along the channels.
  package var scaleShape: [Int] {
    var result = shape
    result[axis] = 1
    return result
  }
}
