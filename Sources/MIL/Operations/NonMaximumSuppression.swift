// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// The boxes of the highest scores that overlap no better one by more than `iou_threshold`.
  ///
  /// Boxes are centre and size, width first. Before iOS 17 `boxes` is [n, B, 4], `scores` [n, B, K],
  /// and a fourth result counts the boxes; since then they are [n, 4, B] and [n, K, B].
  /// C1: both have rank 3. C2: a box has 4 numbers. C3: both agree in n and B. C4: `max_boxes` is at
  /// least 1. C5: thresholds are single numbers.
  static let nonMaximumSuppression = OpSpec(
    "non_maximum_suppression",
    operands: [
      .tensor("boxes", .T), .tensor("scores", .T), .constant("iou_threshold", .T),
      .constant("score_threshold", .T), .constant("max_boxes", .int32),
      .optionalConstant("per_class_suppression", .bool, default: false),
    ],
    domains: [.T: .floats],
    revisions: [
      Signature(
        since: .iOS17,
        operands: [
          .tensor("boxes", .T), .tensor("scores", .T), .constant("iou_threshold", .T),
          .constant("max_boxes", .int32),
          .optionalConstant("per_class_suppression", .bool, default: false),
        ], domains: [.T: .floats])
    ],
    constraints: [
      .rank("boxes", 3), .rank("scores", 3),
      Constraint("4 numbers per box") { op in
        let extent = try op.shape("boxes")[op.coordinateAxis]
        guard op.mayEqual(extent, 4) else {
          throw op.fault(
            "axis \(op.coordinateAxis) of 'boxes' has extent \(extent), not 4", .shapeMismatch)
        }
      },
      Constraint("boxes and scores agree in n and B") { op in
        let (boxes, scores) = (try op.shape("boxes"), try op.shape("scores"))
        for axis in [0, 3 - op.coordinateAxis] where !op.mayEqual(boxes[axis], scores[axis]) {
          throw op.fault(
            "'boxes' \(op.describe(boxes)) and 'scores' \(op.describe(scores)) differ along axis "
              + "\(axis)", .shapeMismatch)
        }
      },
      .atLeast(1, "max_boxes"), .single("max_boxes"),
      .single("iou_threshold"), .single("score_threshold"),
    ],
    results: { op in
      let (boxes, scores) = (try op.type(of: "boxes"), try op.type(of: "scores"))
      let (n, most) = (scores.shape[0], Dim.fixed(try op.int("max_boxes")))
      if op.coordinateAxis == 1 {
        return [
          .tensor(boxes.dtype, [n, 4, most]), .tensor(scores.dtype, [n, scores.shape[1], most]),
          .tensor(.int32, [n, most]),
        ]
      }
      return [
        .tensor(boxes.dtype, [n, most, 4]), .tensor(scores.dtype, [n, most, scores.shape[2]]),
        .tensor(.int32, [n, most]), .tensor(.int32, [n]),
      ]
    })
}

extension OpContext {
  /// The axis of `boxes` that holds the numbers of a box.
  fileprivate var coordinateAxis: Int { opset < .iOS17 ? 2 : 1 }
}
