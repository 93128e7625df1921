// SPDX-License-Identifier: Apache-2.0

extension ONNXLowering {
  /// Every row, by the file it is in; the coverage table is made from it.
  package static let all: [ONNXLowering] = [
    activations, argMax, arithmetic, batchNormalization, cast, clip, comparisons, concat, constant,
    constantOfShape, conv, convTranspose, cumSum, elementwiseUnary, expand, extrema, flatten,
    gather, gatherElements, gatherND, gemm, globalPool, groupNormalization, identity,
    instanceNormalization, integerUnary, layerNormalization, logic, matMul, normalization, oneHot,
    pad, pool, prelu, range, reduce, reshape, shape, slice, softmax, split, squeeze, tile, topK,
    transpose, unsqueeze, `where`,
  ].flatMap { $0 }
}
