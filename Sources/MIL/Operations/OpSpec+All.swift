// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// Every operation, by family.
  static let all: [OpSpec] = families.flatMap { $0 }

  private static let families: [[OpSpec]] = [
    activations,
    classification,
    compression,
    controlFlow,
    convolutions,
    elementwiseBinary,
    elementwiseUnary,
    imageResizing,
    linearAlgebra,
    normalizations,
    pools,
    quantization,
    random,
    recurrent,
    reductions,
    scatterGather,
    states,
    tensorOperations,
    tensorTransformations,
    transformers,
  ]
}
