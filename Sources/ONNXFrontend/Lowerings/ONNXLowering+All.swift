// SPDX-License-Identifier: Apache-2.0

extension ONNXLowering {
  /// Every row, by the file it is in; the coverage table is made from it.
  package static let all: [ONNXLowering] = [
    activations, argMax, arithmetic, batchNormalization, cast, clip, comparisons, concat, constant,
    constantOfShape, conv, convTranspose, cumSum, depthToSpace, elementwiseUnary, expand, extrema,
    flatten,
    gather, gatherElements, gatherND, gemm, globalPool, groupNormalization, identity, `if`,
    instanceNormalization, integerProducts, integerUnary, layerNormalization, logic, matMul,
    nonZero, normalization, oneHot,
    pad, pool, prelu, quantize, range, recurrent, reduce, reshape, scatter, shape, slice, softmax,
    split, squeeze, tile, topK,
    transpose, trilu, unsqueeze, `where`,
  ].flatMap { $0 }
}
