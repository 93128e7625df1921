// SPDX-License-Identifier: Apache-2.0

extension ConstraintTests.Rejected {
  static let all = elementwise + windows + linear + normalizations + recurrent + images + others

  private static let elementwise: [Self] = [
    .init(
      "rsqrt iOS15 x=float16[2] epsilon=float16[2]!", "count(epsilon) == 1",
      "'epsilon' must be one number, not float16[2]"),
    .init(
      "clip iOS15 x=float16[2] alpha=float16[3]! beta=0.5", "count(alpha) == 1",
      "'alpha' must be one number, not float16[3]"),
    .init(
      "clip iOS15 x=float16[2] alpha=0.5 beta=float16[3]!", "count(beta) == 1",
      "'beta' must be one number, not float16[3]"),
    .init(
      "clip iOS17 x=float16[2] alpha=0.5 beta=0.25", "alpha < beta (iOS 17 and later)",
      "'alpha' is 0.5, which is not less than 'beta', 0.25"),
    .init(
      "cast iOS16 x=float16[2] dtype=\"int8\"", "",
      "'dtype' is 'int8', not one of fp16, fp32, int32, bool"),
    .init(
      "add iOS15 x=float16[2,3] y=float16[3,3]", "",
      "shapes [2, 3] and [3, 3] do not broadcast"),
    .init(
      "gelu iOS15 x=float16[2] mode=\"FAST\"",
      "mode in {EXACT, TANH_APPROXIMATION, SIGMOID_APPROXIMATION}",
      "'mode' is 'FAST', not one of EXACT, TANH_APPROXIMATION, SIGMOID_APPROXIMATION"),
    .init(
      "prelu iOS15 x=float16[1,3] alpha=float16[3]!", "rank(x) in 3...5",
      "'x' has rank 2, not one of 3...5"),
    .init(
      "prelu iOS15 x=float16[1,3,4,4] alpha=float16[4]!", "shape(alpha) == [x.shape[1]]",
      "'alpha' has shape [4], not [3]"),
    .init(
      "prelu iOS15 x=float16[1,3,4] alpha=float16[3]!!",
      "all elements of alpha are equal unless rank(x) == 4",
      "'alpha' differs between channels, which needs an 'x' of rank 4"),
    .init(
      "softplus_parametric iOS15 x=float16[1,3,4] alpha=float16[3]! beta=float16[1]!",
      "shape(alpha, beta) == [x.shape[1]]", "'beta' has shape [1], not [3]"),
    .init(
      "softplus_parametric iOS15 x=float16[1,3] alpha=float16[3]! beta=float16[3]!",
      "rank(x) >= 3", "'x' has rank 2, not 3 or more"),
    .init(
      "softmax iOS15 x=float16[1,3] axis=2", "-rank(x) <= axis < rank(x)",
      "'axis' is 2 but the operand has rank 2"),
    .init(
      "reduce_sum iOS15 x=float16[1,3] axes=[-3]",
      "-rank(x) <= axes[i] < rank(x), all different", "'axes' is -3 but the operand has rank 2"),
    .init(
      "reduce_sum iOS15 x=float16[1,3] axes=[1,-1]",
      "-rank(x) <= axes[i] < rank(x), all different", "'axes' names axis 1 twice"),
    .init(
      "reduce_argmax iOS17 x=float16[1,3] output_dtype=\"int8\"", "",
      "'output_dtype' is 'int8', not one of int32, uint16"),
  ]

  private static let windows: [Self] = [
    .init(
      "conv iOS15 x=float16[1,3,8,8] weight=float16[4,3,3]!", "rank(weight) == rank(x)",
      "'weight' has rank 3 but 'x' has rank 4"),
    .init(
      "conv iOS15 x=float16[1,3,8] weight=float16[4,3,3]! groups=0", "groups >= 1",
      "'groups' is 0, less than 1"),
    .init(
      "conv iOS15 x=float16[1,4,8] weight=float16[4,3,3]! groups=2",
      "weight.shape[1] * groups == x.shape[1]",
      "'x' has 4 channels but 'weight' [4, 3, 3] in 2 groups takes 6"),
    .init(
      "conv iOS15 x=float16[1,6,8] weight=float16[5,3,3]! groups=2",
      "weight.shape[0] % groups == 0",
      "'weight' has 5 output channels, which 2 groups do not divide"),
    .init(
      "conv iOS15 x=float16[1,3,8] weight=float16[4,3,3]! bias=float16[3]!",
      "shape(bias) == [O]", "'bias' has shape [3], not [4]"),
    .init(
      "conv iOS15 x=float16[1,3,8] weight=float16[4,3,3] dilations=[2]",
      "dilations are 1 where weight is not a constant",
      "'dilations' is [2] but 'weight' is computed at run time"),
    .init(
      "conv iOS15 x=float16[1,3,8] weight=float16[4,3,3]! strides=[2,2]", "",
      "'strides' has 2 elements, not 1"),
    .init(
      "conv iOS15 x=float16[1,3,8] weight=float16[4,3,3]! strides=[0]", "",
      "'strides' is [0]; every element must be 1 or more"),
    .init(
      "conv iOS15 x=float16[1,3,8] weight=float16[4,3,3]! pad_type=\"custom\" pad=[1,-1]", "",
      "'pad' is [1, -1]; every element must be 0 or more"),
    .init(
      "conv iOS15 x=float16[1,3,8] weight=float16[4,3,3]! pad_type=\"full\"", "",
      "'pad_type' is 'full', not one of valid, same, custom, same_lower"),
    .init(
      "conv iOS15 x=float16[1,3,2] weight=float16[4,3,3]!", "",
      "the window of 3 does not fit in spatial axis 0 of extent 2"),
    .init(
      "conv_quantized iOS15 x=float16[1,3,8] weight=uint8[4,3,3]! quantization_type=\"table\" "
        + "quant_scale=float16[4]! quant_bias=float16[4]!", "quantization_type in {linear, lut}",
      "'quantization_type' is 'table', not one of linear, lut"),
    .init(
      "conv_quantized iOS15 x=float16[1,3,8] weight=uint8[4,3,3]! quantization_type=\"lut\" "
        + "nbits=9 quant_scale=float16[4]! quant_bias=float16[4]!", "1 <= nbits <= 8",
      "'nbits' is 9, not one of 1...8"),
    .init(
      "conv_transpose iOS15 x=float16[1,3,8] weight=float16[4,3,3]!",
      "weight.shape[0] == x.shape[1], a multiple of groups",
      "'x' has 3 channels but 'weight' [4, 3, 3] takes 4"),
    .init(
      "conv_transpose iOS15 x=float16[1,3,8] weight=float16[3,3,3]! groups=2",
      "weight.shape[0] == x.shape[1], a multiple of groups",
      "'x' has 3 channels, which 2 groups do not divide"),
    .init(
      "conv_transpose iOS15 x=float16[1,3,8] weight=float16[3,4,3]! pad_type=\"same_lower\"",
      "", "'pad_type' is 'same_lower', which iOS15 does not allow"),
    .init(
      "conv_transpose iOS16 x=float16[1,3,8] weight=float16[3,4,3]! pad_type=\"same_lower\"",
      "", "'pad_type' is 'same_lower', not one of valid, same, custom"),
    .init(
      "conv_transpose iOS15 x=float16[1,3,8] weight=float16[3,4,3]! output_shape=[1,3,9]", "",
      "'output_shape' is [1, 3, 9]; it must begin with 1, 4 and have positive extents"),
    .init(
      "conv_transpose iOS15 x=float16[1,3,1] weight=float16[3,4,3]! pad_type=\"custom\" "
        + "pad=[2,1]", "", "'pad' leaves nothing of spatial axis 0, whose extent is 3"),
    .init(
      "max_pool iOS15 x=float16[1,3,8] kernel_sizes=[0] pad_type=\"valid\"",
      "kernel_sizes[i] >= 1 for each spatial axis",
      "'kernel_sizes' is [0]; every element must be 1 or more"),
    .init(
      "l2_pool iOS15 x=float16[1,3,8,8,8] kernel_sizes=[1,1,1] pad_type=\"valid\"",
      "rank(x) in 3...4", "'x' has rank 5, not one of 3...4"),
    .init(
      "max_pool iOS15 x=float16[1,3,8,8,8] kernel_sizes=[1,1,1] pad_type=\"valid\" "
        + "ceil_mode=true", ceilMode, "'ceil_mode' is set with 3 spatial axes, not 1 or 2"),
    .init(
      "max_pool iOS15 x=float16[1,3,8] kernel_sizes=[2] pad_type=\"same\" ceil_mode=true",
      ceilMode, "'ceil_mode' is set with 'pad_type' 'same'"),
    .init(
      "max_pool iOS15 x=float16[1,3,8] kernel_sizes=[2] pad_type=\"custom\" pad=[0,1] "
        + "ceil_mode=true", ceilMode,
      "'ceil_mode' is set but 'pad' is [0, 1], which is not symmetric"),
  ]

  private static let ceilMode =
    "ceil_mode needs at most 2 spatial axes, symmetric pads and pad_type other than same"

  private static let linear: [Self] = [
    .init(
      "linear iOS15 x=float16[] weight=float16[5,4]!", "rank(x) >= 1",
      "'x' has rank 0, not 1 or more"),
    .init(
      "linear iOS15 x=float16[4] weight=float16[4]!", "rank(weight) == 2",
      "'weight' has rank 1, not 2"),
    .init(
      "linear iOS15 x=float16[2,3] weight=float16[5,4]!", "x.shape[-1] == weight.shape[1]",
      "the last extent of 'x' is 3 but 'weight' has shape [5, 4]"),
    .init(
      "linear iOS15 x=float16[2,4] weight=float16[5,4]! bias=float16[1]!",
      "shape(bias) == [weight.shape[0]]", "'bias' has shape [1], not [5]"),
    .init(
      "matmul iOS15 x=float16[4] y=float16[4]", "rank(y) >= 2",
      "'y' has rank 1, not 2 or more"),
    .init(
      "matmul iOS15 x=float16[4] y=float16[4,4] transpose_x=true",
      "rank(x) >= 2 where transpose_x", "'transpose_x' is set but 'x' has rank 1"),
    .init(
      "matmul iOS17 x=float16[3,4] y=float32[4,4]",
      "dtype(x) == dtype(y) unless one of them is a constant", "'x' is float16 but 'y' is float32"),
    .init(
      "matmul iOS15 x=float16[3,4] y=float16[3,4]", "",
      "the inner extents of 'x' and 'y' differ: [3, 4] times [3, 4]"),
    .init(
      "einsum iOS15 values={float16[2,3,4]} equation=\"chw,whr->chr\"",
      "two values of equal rank and dtype", "'values' holds 1 tensors, not 2"),
    .init(
      "einsum iOS15 values={float16[2,3,4];float16[3,4]} equation=\"chw,whr->chr\"",
      "two values of equal rank and dtype",
      "'values' are float16[2, 3, 4] and float16[3, 4]; their ranks and dtypes must be equal"),
    .init(
      "einsum iOS15 values={float16[3,4];float16[4,5]} equation=\"ij,jk->ik\"",
      "equation is nchw,nwhu->nchu or chw,whu->chu",
      "'equation' is 'ij,jk->ik' for operands of rank 2, not one of nchw,nwhu->nchu, chw,whu->chu"),
    .init(
      "einsum iOS15 values={float16[2,3,4];float16[5,3,5]} equation=\"chw,whr->chr\"", "",
      "the shapes [2, 3, 4] and [5, 3, 5] do not fit 'equation'"),
    .init(
      attention("[5,64]", "[7,64]", "[7,64]"), "rank(query) == rank(key) == rank(value) >= 3",
      "'query', 'key' and 'value' have ranks 2, 2 and 2; they must be equal and at least 3"),
    .init(
      attention("[8,5,64]", "[2,7,64]", "[2,7,64]"),
      "query, key and value have equal batch extents",
      "the batch extents of 'query' [8, 5, 64] and 'key' [2, 7, 64] differ"),
    .init(
      attention("[8,5,64]", "[8,7,32]", "[8,7,64]"), "query.shape[-1] == key.shape[-1]",
      "axis -1 of 'query' [8, 5, 64] and 'key' [8, 7, 32] differ"),
    .init(
      attention("[8,5,64]", "[8,7,64]", "[8,6,64]"), "key.shape[-2] == value.shape[-2]",
      "axis -2 of 'key' [8, 7, 64] and 'value' [8, 6, 64] differ"),
    .init(
      attention("[8,5,64]", "[8,7,64]", "[8,7,64]") + " attn_mask=bool[5,1]",
      "attn_mask broadcasts to [B.., L, S]",
      "'attn_mask' [5, 1] does not broadcast to [8, 5, 7]"),
  ]

  private static func attention(_ query: String, _ key: String, _ value: String) -> String {
    "scaled_dot_product_attention iOS18 query=float16\(query) key=float16\(key) value=float16\(value)"
  }

  private static let normalizations: [Self] = [
    .init(
      "batch_norm iOS15 x=float16[1,3,4] mean=float16[3]! variance=float16[4]!",
      "shape(mean, variance, gamma, beta) == [x.shape[1]]",
      "'variance' has shape [4], not [3]"),
    .init(
      "instance_norm iOS15 x=float16[1,3,4] gamma=float16[1]!",
      "shape(gamma, beta) == [x.shape[1]]", "'gamma' has shape [1], not [3]"),
    .init(
      "layer_norm iOS15 x=float16[1,3,4] axes=[-1] beta=float16[3]!",
      "shape(gamma) == shape(beta) == extents of x at axes", "'beta' has shape [3], not [4]"),
    .init(
      "local_response_norm iOS15 x=float16[1,3,4] size=0", "size >= 1",
      "'size' is 0, less than 1"),
  ]
}
