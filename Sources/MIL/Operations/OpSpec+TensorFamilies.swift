// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// Labels from probabilities.
  static let classification: [OpSpec] = [classify]

  /// Weights that Core ML expands when it loads the model.
  static let compression: [OpSpec] = [
    constexprAffineDequantize, constexprBlockwiseShiftScale, constexprCast, constexprLUTToDense,
    constexprLUTToSparse, constexprSparseBlockwiseShiftScale, constexprSparseToDense,
  ]

  /// Constants, choices, loops and lists.
  static let controlFlow: [OpSpec] = [cond, const, select, whileLoop] + lists

  /// Reading and writing at computed indices.
  static let scatterGather: [OpSpec] = [
    gather, gatherAlongAxis, gatherND, scatter, scatterAlongAxis, scatterND,
  ]

  /// Tensors that outlive a prediction.
  static let states: [OpSpec] = [readState, writeState]

  /// Joining, cutting, padding, counting, sorting.
  static let tensorOperations: [OpSpec] = [
    argsort, bandPart, concat, cumsum, fill, fillLike, flatten2D, identity, nonMaximumSuppression,
    nonZero, oneHot, pad, range1D, shape, split, stack, tile, topk,
  ]

  /// The same elements in another place or shape.
  static let tensorTransformations: [OpSpec] =
    [
      batchToSpace, expandDims, reshape, reshapeLike, reverse, reverseSequence, sliceByIndex,
      sliceBySize, sliceUpdate, slidingWindows, spaceToBatch, squeeze, transpose,
    ] + spaceAndDepth
}
