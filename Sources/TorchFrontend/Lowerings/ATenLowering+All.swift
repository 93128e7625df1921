// SPDX-License-Identifier: Apache-2.0

extension ATenLowering {
  /// Every lowering; overloads are looked up by name, and in-place operators by their functional
  /// twin, so that `aten.add.Tensor` serves `aten.add_.Tensor` too.
  static let all: [ATenLowering] =
    activations + arithmetic + comparisons + convolutions + copies + creation + elementwise
    + indexing + joining + linearAlgebra + masking + normalization + pooling + recurrent
    + reductions + resizing + shapes + views + attention
}
