// SPDX-License-Identifier: Apache-2.0

/// A rectangle on the page.
struct Box: Hashable {
  var x: Double
  var y: Double
  var width: Double
  var height: Double

  var area: Double { width * height }

  func inset(_ margin: Double, top: Double) -> Box {
    Box(
      x: x + margin, y: y + top, width: max(0, width - 2 * margin),
      height: max(0, height - top - margin))
  }
}

/// Rectangles of given areas that fill a box and are as square as rows allow.
enum Treemap {
  /// Boxes for `sizes`, which are in descending order, in `box`.
  static func boxes(_ sizes: [Double], in box: Box) -> [Box] {
    let total = sizes.reduce(0, +)
    guard total > 0, box.area > 0 else {
      return sizes.map { _ in Box(x: box.x, y: box.y, width: 0, height: 0) }
    }
    let areas = sizes.map { $0 / total * box.area }
    var result: [Box] = []
    var rest = box
    var start = 0
    while start < areas.count {
      var end = start + 1
      var sum = areas[start]
      let side = min(rest.width, rest.height)
      while end < areas.count,
        worst(areas[start], areas[end], sum + areas[end], side)
          <= worst(areas[start], areas[end - 1], sum, side)
      {
        sum += areas[end]
        end += 1
      }
      result += row(areas[start..<end], sum, &rest)
      start = end
    }
    return result
  }

  /// The largest ratio of sides in a row of this total, from its largest to its smallest area.
  private static func worst(
    _ largest: Double, _ smallest: Double, _ sum: Double, _ side: Double
  ) -> Double {
    guard sum > 0, smallest > 0, side > 0 else { return .infinity }
    let square = side * side
    return max(square * largest / (sum * sum), sum * sum / (square * smallest))
  }

  /// Lays areas along the shorter side of `rest` and takes what they fill off it.
  private static func row(_ areas: ArraySlice<Double>, _ sum: Double, _ rest: inout Box) -> [Box] {
    let isColumn = rest.width >= rest.height
    let side = isColumn ? rest.height : rest.width
    let depth = side > 0 ? sum / side : 0
    var place = isColumn ? rest.y : rest.x
    let boxes = areas.map { area -> Box in
      let length = depth > 0 ? area / depth : 0
      defer { place += length }
      return isColumn
        ? Box(x: rest.x, y: place, width: depth, height: length)
        : Box(x: place, y: rest.y, width: length, height: depth)
    }
    if isColumn {
      rest = Box(
        x: rest.x + depth, y: rest.y, width: max(0, rest.width - depth), height: rest.height)
    } else {
      rest = Box(
        x: rest.x, y: rest.y + depth, width: rest.width, height: max(0, rest.height - depth))
    }
    return boxes
  }
}
