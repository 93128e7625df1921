// SPDX-License-Identifier: Apache-2.0

extension ONNXLowering {
  /// Every row, by the file it is in; the coverage table is made from it.
  package static let all: [ONNXLowering] = [
    activations, affineGrid, argMax, arithmetic, attention, batchNormalization, bits, cast, clip,
    comparisons, compositions, concat, constant, constantOfShape, conv, convTranspose, cumSum,
    depthToSpace, einsum, elementwiseUnary, expand, extrema, flatten, gather, gatherElements,
    gatherND, gemm, globalPool, gridSample, groupNormalization, identity, `if`,
    instanceNormalization, integerProducts, integerUnary, layerNormalization, logic, loop,
    matMul, nonZero, normalization, oneHot, pad, pool, prelu, quantize, random, range, recurrent,
    reduce, reshape, resize, reverseSequence, rotaryEmbedding, scatter, sequence, shape, slice,
    softmax, split, squeeze, tile, topK, transpose, trilu, unsqueeze, `where`, windows,
  ].flatMap { $0 }
}
