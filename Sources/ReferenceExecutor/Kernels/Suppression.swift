// SPDX-License-Identifier: Apache-2.0
import Tensors

extension Kernel {
  /// Boxes by falling score, those left out that overlap a kept one by more than the threshold
  /// (with `per_class_suppression`, a kept one of the same best class). Where every score is below
  /// the threshold the best box is kept. Results are padded with 0, indices with -1.
  static let nonMaximumSuppression = Kernel(
    "non_maximum_suppression",
    several: { call in
      let (boxes, scores) = (try call.floatTensor("boxes"), try call.floatTensor("scores"))
      let boxesLast = call.opset >= .iOS17
      guard boxes.rank == 3, scores.rank == 3, boxes.shape[0] == scores.shape[0],
        boxes.shape[boxesLast ? 1 : 2] == 4,
        boxes.shape[boxesLast ? 2 : 1] == scores.shape[boxesLast ? 2 : 1]
      else { throw call.fault("boxes \(boxes.shape) do not fit scores \(scores.shape)") }
      let rows = try boxesLast ? call.permuted(boxes, [0, 2, 1]) : boxes
      let columns = try boxesLast ? call.permuted(scores, [0, 2, 1]) : scores
      let (batch, count, classes) = (columns.shape[0], columns.shape[1], columns.shape[2])
      let limit = try call.int("max_boxes")
      guard limit >= 0, classes > 0 else { throw call.fault("'max_boxes' is \(limit)") }
      let suppressor = try Suppressor(call, limit: limit)
      let coordinates = try call.make(boxes.dtype, [batch, limit, 4], filledWith: 0)
      let kept = try call.make(scores.dtype, [batch, limit, classes], filledWith: 0)
      let indices = try call.make(.int32, [batch, limit], filledWith: -1)
      let counts = try call.make(.int32, [batch])
      for n in 0..<batch {
        let box = { (i: Int) in (0..<4).map { rows.floats[(n * count + i) * 4 + $0] } }
        let score = { (i: Int) in
          (0..<classes).map { columns.floats[(n * count + i) * classes + $0] }
        }
        let chosen = suppressor.chosen(boxes: (0..<count).map(box), scores: (0..<count).map(score))
        counts.ints[n] = Int32(clamping: chosen.count)
        for (k, i) in chosen.enumerated() {
          indices.ints[n * limit + k] = Int32(clamping: i)
          for (d, value) in box(i).enumerated() {
            coordinates.floats[(n * limit + k) * 4 + d] = value
          }
          for (d, value) in score(i).enumerated() {
            kept.floats[(n * limit + k) * classes + d] = value
          }
        }
      }
      if boxesLast {
        return [
          try call.permuted(coordinates, [0, 2, 1]), try call.permuted(kept, [0, 2, 1]), indices,
        ]
      }
      return [coordinates, kept, indices, counts]
    })
}

private struct Suppressor {
  private let overlap: Float
  private let lowest: Float
  private let perClass: Bool
  private let limit: Int

  init(_ call: KernelCall, limit: Int) throws {
    overlap = try call.float("iou_threshold")
    lowest = call.has("score_threshold") ? try call.float("score_threshold") : -.infinity
    perClass = try call.bool("per_class_suppression", default: false)
    self.limit = limit
  }

  /// The numbers of the boxes that are kept, best first.
  func chosen(boxes: [[Float]], scores: [[Float]]) -> [Int] {
    let best = scores.map { $0.max() ?? -.infinity }
    let kinds = scores.map { score in score.indices.max { score[$0] < score[$1] } ?? 0 }
    let order = boxes.indices.sorted { best[$0] != best[$1] ? best[$0] > best[$1] : $0 < $1 }
    var kept: [Int] = []
    for i in order where best[i] > lowest {
      if kept.count == limit { break }
      let isHidden = kept.contains { k in
        (!perClass || kinds[k] == kinds[i]) && shared(boxes[i], boxes[k]) > overlap
      }
      if !isHidden { kept.append(i) }
    }
    if kept.isEmpty, limit > 0, let first = order.first { kept = [first] }
    return kept
  }

  /// Intersection over union of two boxes given as center and size, width first.
  private func shared(_ a: [Float], _ b: [Float]) -> Float {
    let width = min(a[0] + a[2] / 2, b[0] + b[2] / 2) - max(a[0] - a[2] / 2, b[0] - b[2] / 2)
    let height = min(a[1] + a[3] / 2, b[1] + b[3] / 2) - max(a[1] - a[3] / 2, b[1] - b[3] / 2)
    let intersection = max(width, 0) * max(height, 0)
    let union = a[2] * a[3] + b[2] * b[3] - intersection
    return union > 0 ? intersection / union : 0
  }
}
