// SPDX-License-Identifier: Apache-2.0

extension ConstraintTests.Rejected {
  static let recurrent: [Self] = [
    .init(rnn(x: "[2,3]"), "rank(x) == 3", "'x' has rank 2, not 3"),
    .init(
      rnn() + " direction=\"up\"", "direction in {forward, reverse}",
      "'direction' is 'up', not one of forward, reverse"),
    .init(
      rnn(input: "[5,3]"), "shape(weight_ih) == [H, I], shape(weight_hh) == [H, H]",
      "'weight_ih' has shape [5, 3], not [4, 3]"),
    .init(
      rnn(hidden: "[4]"), "shape(weight_ih) == [H, I], shape(weight_hh) == [H, H]",
      "'weight_hh' has rank 1, not 2"),
    .init(rnn() + " bias=float16[5]!", "shape(bias) == [H]", "'bias' has shape [5], not [4]"),
    .init(
      rnn(state: "[1,4]"), "shape(initial_h) == [b, D * H]",
      "'initial_h' has shape [1, 4], not [2, 4]"),
    .init(
      rnn() + " activation=\"mish\"", activations,
      "'activation' is 'mish', not one of hard_sigmoid, linear, relu, scaled_tanh, sigmoid, "
        + "sigmoid_hard, tanh"),
    .init(
      gru(hidden: "[16,4]"), "shape(weight_ih) == [3 * H, I], shape(weight_hh) == [3 * H, H]",
      "'weight_hh' has shape [16, 4], not [12, 4]"),
    .init(gru() + " bias=float16[4]!", "shape(bias) == [3 * H]", "'bias' has shape [4], not [12]"),
    .init(
      gru() + " input_bias=float16[4]!", "shape(input_bias) == [3 * H]",
      "'input_bias' has shape [4], not [12]"),
    .init(
      lstm() + " direction=\"up\"", "direction in {forward, reverse, bidirectional}",
      "'direction' is 'up', not one of forward, reverse, bidirectional"),
    .init(
      lstm(hidden: "[12,4]"), "shape(weight_ih) == [4 * H, I], shape(weight_hh) == [4 * H, H]",
      "'weight_hh' has shape [12, 4], not [16, 4]"),
    .init(
      lstm() + " bias=float16[4]!", "shape(bias) == [4 * H]",
      "'bias' has shape [4], not [16]"),
    .init(
      lstm() + " peephole=float16[16]!", "shape(peephole) == [3 * H]",
      "'peephole' has shape [16], not [12]"),
    .init(
      lstm(state: "[2,8]") + " direction=\"bidirectional\"", wayBack,
      "'weight_ih_back' is missing but 'direction' is 'bidirectional'"),
    .init(
      lstm() + " weight_ih_back=float16[16,4]!", wayBack,
      "'weight_ih_back' has shape [16, 4], not [16, 3]"),
    .init(
      lstm(state: "[2,8]"), "shape(initial_h, initial_c) == [b, D * H]",
      "'initial_h' has shape [2, 8], not [2, 4]"),
    .init(
      lstm() + " clip=float16[4]!", "count(clip) == 1",
      "'clip' must be one number, not float16[4]"),
  ]

  private static let activations =
    "activations in {hard_sigmoid, linear, relu, scaled_tanh, sigmoid, sigmoid_hard, tanh}"
  private static let wayBack =
    "weight_ih_back and weight_hh_back where bidirectional, all of the shapes of the way forth"

  private static func rnn(
    x: String = "[s,2,3]", state: String = "[2,4]", input: String = "[4,3]",
    hidden: String = "[4,4]"
  ) -> String {
    "rnn iOS17 x=float16\(x) initial_h=float16\(state) weight_ih=float16\(input)! "
      + "weight_hh=float16\(hidden)!"
  }

  private static func gru(hidden: String = "[12,4]") -> String {
    "gru iOS18 x=float16[s,2,3] initial_h=float16[2,4] weight_ih=float16[12,3]! "
      + "weight_hh=float16\(hidden)!"
  }

  private static func lstm(state: String = "[2,4]", hidden: String = "[16,4]") -> String {
    "lstm iOS17 x=float16[s,2,3] initial_h=float16\(state) initial_c=float16\(state) "
      + "weight_ih=float16[16,3]! weight_hh=float16\(hidden)!"
  }

  static let images: [Self] = [
    .init(
      "upsample_bilinear iOS15 x=float16[1,4,5] scale_factor_height=0 scale_factor_width=2",
      "scale_factor_height > 0",
      "'scale_factor_height' is 0.0, which is no factor between 0 and 65536"),
    .init(
      "upsample_bilinear iOS15 x=float16[1,4,5] scale_factor_height=2 scale_factor_width=-1",
      "scale_factor_width > 0",
      "'scale_factor_width' is -1.0, which is no factor between 0 and 65536"),
    .init(
      "upsample_bilinear iOS15 x=float32[1,4,5] scale_factor_height=0.125 "
        + "scale_factor_width=1.0", "", "nothing is left of the extent 4 of 'x'"),
    .init(
      "resize_bilinear iOS15 x=float16[1,4,5] target_size_height=0", "target_size_height >= 1",
      "'target_size_height' is 0, less than 1"),
    .init(
      "resize_bilinear iOS15 x=float16[1,4,5] target_size_width=-2", "target_size_width >= 1",
      "'target_size_width' is -2, less than 1"),
    .init(
      "resize_bilinear iOS15 x=float16[1,4,5] sampling_mode=\"CENTER\"", samplingMode,
      "'sampling_mode' is 'CENTER', not one of STRICT_ALIGN_CORNERS, ALIGN_CORNERS, "
        + "UNALIGN_CORNERS, DEFAULT, OFFSET_CORNERS"),
    .init(
      "crop iOS15 x=float16[1,4,5] crop_height=[1] crop_width=[0,0]", "",
      "'crop_height' has 1 elements, not 2"),
    .init(
      "crop iOS15 x=float16[1,4,5] crop_height=[2,2] crop_width=[0,0]", "",
      "'crop_height' is [2, 2], which cannot be cut off an extent of 4"),
    .init(
      "crop iOS15 x=float16[1,h,5] crop_height=[-1,2] crop_width=[0,0]", "",
      "'crop_height' is [-1, 2], which cannot be cut off an extent of h"),
    .init(
      "resize iOS17 x=float16[4,5] shape=int32[1,2] resized_dims=1", "rank(shape) == 1",
      "'shape' has rank 2, not 1"),
    .init(
      "resize iOS17 x=float16[4,5] shape=[6,7] resized_dims=3",
      "resized_dims <= count(shape) <= rank(x)",
      "'resized_dims' is 3, 'shape' has 2 elements and 'x' has rank 2; they must not decrease in "
        + "this order"),
    .init(
      "resize iOS17 x=float16[4,5] shape=[6,7] resized_dims=2 interpolation_mode=\"CUBIC\"",
      "interpolation_mode in {LINEAR, NEAREST_NEIGHBOR}",
      "'interpolation_mode' is 'CUBIC', not one of LINEAR, NEAREST_NEIGHBOR"),
    .init(
      "resize iOS17 x=float16[4,5] shape=[6,-7] resized_dims=2", "",
      "'shape' holds -7, which is no extent"),
    .init(resample(x: "[3,8,9]"), "rank(x) == 4", "'x' has rank 3, not 4"),
    .init(
      resample(coordinates: "[2,4,5]"), "rank(coordinates) == 4",
      "'coordinates' has rank 3, not 4"),
    .init(
      resample(coordinates: "[2,4,5,3]"), "coordinates.shape == [x.shape[0], H2, W2, 2]",
      "'coordinates' has shape [2, 4, 5, 3], not [2, 4, 5, 2]"),
    .init(
      resample(sampling: "cubic"), "sampling_mode in {bilinear, nearest}",
      "'sampling_mode' is 'cubic', not one of bilinear, nearest"),
    .init(
      resample(padding: "zeros"), "padding_mode in {constant, border, reflection, symmetric}",
      "'padding_mode' is 'zeros', not one of constant, border, reflection, symmetric"),
    .init(
      resample(mode: "pixels"),
      "coordinates_mode in {unnormalized, normalized_minus_one_to_one, normalized_zero_to_one}",
      "'coordinates_mode' is 'pixels', not one of unnormalized, normalized_minus_one_to_one, "
        + "normalized_zero_to_one"),
    .init(
      affine(matrix: "[6]"), "rank(transform_matrix) == 2",
      "'transform_matrix' has rank 1, not 2"),
    .init(
      affine(matrix: "[3,6]"), "transform_matrix.shape == [x.shape[0] or 1, 6]",
      "'transform_matrix' has shape [3, 6], not [2, 6]"),
    .init(affine(height: 0), "output_height >= 1", "'output_height' is 0, less than 1"),
    .init(affine(width: 0), "output_width >= 1", "'output_width' is 0, less than 1"),
    .init(
      affine(sampling: "nearest"), "sampling_mode in {bilinear}",
      "'sampling_mode' is 'nearest', not one of bilinear"),
    .init(
      affine(padding: "border"), "padding_mode in {constant}",
      "'padding_mode' is 'border', not one of constant"),
    .init(
      affine(mode: "unnormalized"), "coordinates_mode in {normalized_minus_one_to_one}",
      "'coordinates_mode' is 'unnormalized', not one of normalized_minus_one_to_one"),
    .init(affine(value: "0.5"), "padding_value == 0", "'padding_value' is 0.5, not 0"),
    .init(
      "crop_resize iOS16 x=float16[2,3,8,9] roi=float16[5,4]", "rank(roi) == 5",
      "'roi' has rank 2, not 5"),
    .init(
      boxes("float16[4]"), "shape(boxes) == [N, 4], shape(box_indices) == [N]",
      "'boxes' has rank 1, not 2"),
    .init(
      boxes("float16[5,4]") + " box_indices=int32[4]",
      "shape(boxes) == [N, 4], shape(box_indices) == [N]", "'box_indices' has shape [4], not [5]"),
    .init(
      boxes("float16[5,4]"), "box_indices < x.shape[0]",
      "'box_indices' is missing but 5 boxes look at 2 images"),
    .init(
      boxes("float16[1,4]") + " box_indices=[2]", "box_indices < x.shape[0]",
      "'box_indices' holds 2 but 'x' has 2 images"),
    .init(
      boxes("float16[1,4]") + " target_height=0", "target_height >= 1",
      "'target_height' is 0, less than 1"),
    .init(
      boxes("float16[1,4]") + " target_width=0", "target_width >= 1",
      "'target_width' is 0, less than 1"),
    .init(
      boxes("float16[1,4]") + " box_coordinate_mode=\"CORNERS\"",
      "box_coordinate_mode in {CORNERS_HEIGHT_FIRST, CORNERS_WIDTH_FIRST, "
        + "CENTER_SIZE_HEIGHT_FIRST, CENTER_SIZE_WIDTH_FIRST}",
      "'box_coordinate_mode' is 'CORNERS', not one of CORNERS_HEIGHT_FIRST, CORNERS_WIDTH_FIRST, "
        + "CENTER_SIZE_HEIGHT_FIRST, CENTER_SIZE_WIDTH_FIRST"),
    .init(
      boxes("uint16[1,4]") + " normalized_coordinates=true",
      "boxes are floats where normalized_coordinates",
      "'boxes' is uint16 but 'normalized_coordinates' is set"),
  ]

  private static let samplingMode =
    "sampling_mode in {STRICT_ALIGN_CORNERS, ALIGN_CORNERS, UNALIGN_CORNERS, DEFAULT, "
    + "OFFSET_CORNERS}"

  private static func resample(
    x: String = "[2,3,8,9]", coordinates: String = "[2,4,5,2]", sampling: String = "nearest",
    padding: String = "border", mode: String = "unnormalized"
  ) -> String {
    "resample iOS16 x=float16\(x) coordinates=float16\(coordinates) sampling_mode=\"\(sampling)\" "
      + "padding_mode=\"\(padding)\" padding_value=0.0 coordinates_mode=\"\(mode)\" "
      + "align_corners=true"
  }

  private static func affine(
    matrix: String = "[1,6]", height: Int = 4, width: Int = 5, sampling: String = "bilinear",
    padding: String = "constant", value: String = "0.0",
    mode: String = "normalized_minus_one_to_one"
  ) -> String {
    "affine iOS15 x=float16[2,3,8,9] transform_matrix=float16\(matrix) output_height=\(height) "
      + "output_width=\(width) sampling_mode=\"\(sampling)\" padding_mode=\"\(padding)\" "
      + "padding_value=\(value) coordinates_mode=\"\(mode)\" align_corners=true"
  }

  private static func boxes(_ type: String) -> String {
    "crop_resize iOS17 x=float16[2,3,8,9] boxes=\(type)"
  }

  static let others: [Self] = [
    .init(
      "random_uniform iOS15 shape=int32[2,2] low=0.0 high=1.0", "rank(shape) == 1",
      "'shape' has rank 2, not 1"),
    .init(
      "random_uniform iOS15 shape=int32[n] low=0.0 high=1.0", "",
      "the length of 'shape' is not known, so the result has no known rank"),
    .init(
      "random_uniform iOS15 shape=[2,-3] low=0.0 high=1.0", "",
      "'shape' holds -3, which is no extent"),
    .init(
      "random_uniform iOS15 shape=[2] low=float16[2]!", "count(low) == 1",
      "'low' must be one number, not float16[2]"),
    .init(
      "random_uniform iOS15 shape=[2] high=float16[2]!", "count(high) == 1",
      "'high' must be one number, not float16[2]"),
    .init(
      "random_normal iOS15 shape=[2] mean=float16[2]!", "count(mean) == 1",
      "'mean' must be one number, not float16[2]"),
    .init(
      "random_normal iOS15 shape=[2] stddev=float16[2]!", "count(stddev) == 1",
      "'stddev' must be one number, not float16[2]"),
    .init(
      "random_bernoulli iOS15 shape=[2] prob=float16[2]!", "count(prob) == 1",
      "'prob' must be one number, not float16[2]"),
    .init(
      "random_categorical iOS15 x=float16[2,3] mode=\"odds\"", "mode in {logits, probs}",
      "'mode' is 'odds', not one of logits, probs"),
    .init(
      "quantize iOS17 input=float16[2,3] scale=float16[1,3]! axis=1 output_dtype=\"int8\"",
      parameters, "'scale' has rank 2, not 0 or 1"),
    .init(
      "quantize iOS17 input=float16[2,3] scale=float16[3]! zero_point=int8[]! axis=1 "
        + "output_dtype=\"int8\"", parameters, "'zero_point' has rank 0 but 'scale' has rank 1"),
    .init(
      "dequantize iOS17 input=int8[2,3] scale=float16[3]!", parameters,
      "'axis' is missing but 'scale' is a vector"),
    .init(
      "dequantize iOS17 input=int8[2,3] scale=float16[]! axis=1", parameters,
      "'axis' is given but 'scale' is a scalar"),
    .init(
      "dequantize iOS17 input=int8[2,3] scale=float16[3]! axis=0", parameters,
      "'scale' has shape [3], not [2]"),
    .init(
      "quantize iOS17 input=float16[2] scale=1.0 zero_point=uint8[]! output_dtype=\"int8\"",
      "output_dtype in {uint8, int8}, that of zero_point",
      "'output_dtype' is 'int8' but 'zero_point' is uint8"),
    .init(
      "quantize iOS17 input=float16[2] scale=0.0 output_dtype=\"int8\"", "scale != 0",
      "'scale' holds 0"),
  ]

  private static let parameters = "scale and zero_point are scalars, or vectors along axis"
}
