// SPDX-License-Identifier: Apache-2.0

extension Kernel {
  /// Every kernel. Control flow and access to states are the executor's own.
  package static let all: [Kernel] =
    activations + convolutions + elementwiseBinary + elementwiseUnary + gathers + joining
    + normalizations + permutations + pools + reductions + reshapes + scatters + slices + [
      cast, einsum, identity, linear, matmul, scaledDotProductAttention, select, shape, softmax,
    ]

  /// Operations that the executor runs itself.
  package static let builtIn: Set<String> = [
    "const", "cond", "while_loop", "read_state", "write_state",
  ]
}
