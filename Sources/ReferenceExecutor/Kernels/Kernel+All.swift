// SPDX-License-Identifier: Apache-2.0

extension Kernel {
  /// Every kernel. Control flow and access to states are the executor's own.
  package static let all: [Kernel] =
    activations + convolutions + elementwiseBinary + elementwiseUnary + filling + gathers
    + joining + lists + normalizations + padding + permutations + pools + quantization + random
    + recurrent + reductions + resampling + reshapes + resizing + scatters + slices + sorting + [
      cast, classify, einsum, identity, linear, matmul, nonMaximumSuppression,
      scaledDotProductAttention, select, shape, softmax,
    ]

  /// Operations that the executor runs itself.
  package static let builtIn: Set<String> = [
    "const", "cond", "while_loop", "read_state", "write_state",
  ]
}
