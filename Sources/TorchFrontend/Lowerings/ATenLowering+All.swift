// SPDX-License-Identifier: Apache-2.0

extension ATenLowering {
  /// Every lowering; overloads are looked up by name, and in-place operators by their functional
  /// twin, so that `aten.add.Tensor` serves `aten.add_.Tensor` too.
  package static let all: [ATenLowering] =
    everyday + rare

  private static let everyday: [ATenLowering] =
    activations + arithmetic + attention + comparisons + convolutions + copies + creation
    + elementwise + indexing + joining + linearAlgebra + masking + normalization + pooling
    + recurrent + reductions + resizing + shapes + views

  private static let rare: [ATenLowering] =
    bitwise + cumulative + diagonals + embeddingBags + experts + fakeQuantization
    + losses + ordering + products
    + random
    + rareViews + rearranging + resampling + scattering + specialFunctions + windows
}
