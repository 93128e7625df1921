// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// Weights that Core ML expands when it loads the model.
  static let compression: [OpSpec] = [
    constexprBlockwiseShiftScale
  ]

  /// Choices, loops and lists.
  static let controlFlow: [OpSpec] = [
    select
  ]

  /// Reading and writing at computed indices.
  static let scatterGather: [OpSpec] = [
    gather, gatherAlongAxis, gatherND, scatter, scatterAlongAxis, scatterND,
  ]

  /// Tensors that outlive a prediction.
  static let states: [OpSpec] = [readState, writeState]

  /// Joining, cutting, padding, counting.
  static let tensorOperations: [OpSpec] = [
    concat, cumsum, fill, fillLike, identity, oneHot, pad, range1D, shape, split, stack, tile, topk,
  ]

  /// The same elements in another place or shape.
  static let tensorTransformations: [OpSpec] = [
    expandDims, reshape, sliceByIndex, sliceBySize, sliceUpdate, squeeze, transpose,
  ]
}
