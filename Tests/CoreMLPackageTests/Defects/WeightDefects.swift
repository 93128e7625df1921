// SPDX-License-Identifier: Apache-2.0
import Containers

/// What can be wrong with the weight file, and with how the model refers to it.
///
/// The file begins with a header of 64 bytes; the first record lies at 64 and its data, 2048 bytes
/// of float16, at 128.
enum WeightDefects {
  static let all: [Defect] = [
    Defect(
      "no weight file",
      " > Data/com.apple.CoreML/model.mlmodel: const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight file 'Data/com.apple.CoreML/weights/weight.bin' is missing"
    ) {
      $0.files[SpoiledPackage.weightsPath] = nil
    },
    .weights(
      "an empty weight file",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight file '@model_path/weights/weight.bin' has 0 bytes, less than its header of 64"
    ) { $0 = [] },
    .weights(
      "a header cut off",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight file '@model_path/weights/weight.bin' has 63 bytes, less than its header of 64"
    ) { $0 = Array($0.prefix(63)) },
    .weights(
      "nothing but a header",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight at offset 64 lies outside the weight file of 64 bytes"
    ) { $0 = Array($0.prefix(64)) },
    .weights(
      "a record cut off",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight at offset 64 lies outside the weight file of 127 bytes"
    ) { $0 = Array($0.prefix(127)) },
    .weights(
      "a record without data",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight record at offset 64 has 2048 bytes of data at offset 128, outside the weight file of 128 bytes"
    ) { $0 = Array($0.prefix(128)) },
    .weights(
      "data cut off",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight record at offset 64 has 2048 bytes of data at offset 128, outside the weight file of 2175 bytes"
    ) { $0 = Array($0.prefix(2175)) },
    .weights(
      "the last byte cut off",
      "const 'p_3_weight_to_fp16': the attribute 'val' cannot be read: the weight record at offset 2560 has 512 bytes of data at offset 2624, outside the weight file of 3135 bytes"
    ) { $0.removeLast() },
    .weights(
      "version 1",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight file '@model_path/weights/weight.bin' has version 1 (readable: 2)"
    ) { $0.put(UInt32(1), at: 4) },
    .weights(
      "version 3",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight file '@model_path/weights/weight.bin' has version 3 (readable: 2)"
    ) { $0.put(UInt32(3), at: 4) },
    .weights(
      "another sentinel",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: no weight record at offset 64: found 0xdeadbeee where 0xdeadbeef belongs"
    ) { $0.put(UInt32(0xdead_beee), at: 64) },
    .weights(
      "dtype code 0",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight record at offset 64 has dtype code 0 (known: 1 to 17)"
    ) { $0.put(UInt32(0), at: 68) },
    .weights(
      "dtype code 18",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight record at offset 64 has dtype code 18 (known: 1 to 17)"
    ) { $0.put(UInt32(18), at: 68) },
    .weights(
      "another dtype",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight is declared float16 but its record says float32"
    ) { $0.put(UInt32(2), at: 68) },
    .weights(
      "a size of 2^64 - 1",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight record at offset 64 has 18446744073709551615 bytes of data at offset 128, outside the weight file of 3136 bytes"
    ) { $0.put(UInt64.max, at: 72) },
    .weights(
      "a size that is too small",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight's record has 2047 bytes but 1024 elements of float16 take 2048"
    ) { $0.put(UInt64(2047), at: 72) },
    .weights(
      "a size that is too large",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight's record has 2049 bytes but 1024 elements of float16 take 2048"
    ) { $0.put(UInt64(2049), at: 72) },
    .weights(
      "data past the end",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight record at offset 64 has 2048 bytes of data at offset 1048576, outside the weight file of 3136 bytes"
    ) { $0.put(UInt64(1 << 20), at: 80) },
    .weights(
      "data at 2^64 - 1",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight record at offset 64 has 2048 bytes of data at offset 18446744073709551615, outside the weight file of 3136 bytes"
    ) { $0.put(UInt64.max, at: 80) },
    .weights(
      "data whose end overflows",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight record at offset 64 has 2048 bytes of data at offset 18446744073709549568, outside the weight file of 3136 bytes"
    ) { $0.put(UInt64.max - 2047, at: 80) },
    .weights(
      "data at an odd offset",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight record at offset 64 has its data at offset 129, which is not a multiple of 64 after it"
    ) { $0.put(UInt64(129), at: 80) },
    .weights(
      "data over the header",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight record at offset 64 has its data at offset 0, which is not a multiple of 64 after it"
    ) { $0.put(UInt64(0), at: 80) },
    .weights(
      "padding that is not there", in: "int4-block-iOS18",
      "constexpr_blockwise_shift_scale 'p_0_weight_to_fp16_quantized': the operand 'data' cannot be read: the weight's record has 4 bits of padding (expected: 0)"
    ) {
      $0.put(UInt64(4), at: 88)
    },
    .weights(
      "padding of 2^64 - 1 bits", in: "int4-block-iOS18",
      "constexpr_blockwise_shift_scale 'p_0_weight_to_fp16_quantized': the operand 'data' cannot be read: the weight's record has 9223372036854775807 bits of padding (expected: 0)"
    ) {
      $0.put(UInt64.max, at: 88)
    },
    .model(
      "a record at 0",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight at offset 0 lies outside the weight file of 3136 bytes",
      blob { $0.set("offset", 0) }),
    .model(
      "a record at an odd offset",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight is said to be at offset 65, but records lie at multiples of 64",
      blob { $0.set("offset", 65) }),
    .model(
      "a record past the end",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight at offset 1099511627776 lies outside the weight file of 3136 bytes",
      blob { $0.set("offset", 1 << 40) }),
    .model(
      "a record at 2^64 - 1",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight at offset 18446744073709551615 lies outside the weight file of 3136 bytes",
      blob { $0.set("offset", UInt64.max) }),
    .model(
      "a weight file without a name",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight file '' does not begin with '@model_path/'",
      blob { $0.set("fileName", "") }),
    .model(
      "a weight file by its path",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight file '/etc/hostname' does not begin with '@model_path/'",
      blob { $0.set("fileName", "/etc/hostname") }),
    .model(
      "a weight file upwards",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the path 'Data/com.apple.CoreML/../../x' of the weight file leaves the package",
      blob { $0.set("fileName", "@model_path/../../x") }),
    .model(
      "a weight file that is missing",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight file 'Data/com.apple.CoreML/x.bin' is missing",
      blob { $0.set("fileName", "@model_path/x.bin") }),
    .model(
      "a weight file that is the model",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight file '@model_path/model.mlmodel' has version 169019906 (readable: 2)",
      blob { $0.set("fileName", "@model_path/model.mlmodel") }),
    .model(
      "a weight of more elements than its record",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight's record has 2048 bytes but 1056 elements of float16 take 2112"
    ) {
      $0.editConstant("p_0_weight_to_fp16") {
        $0.edit("type") { $0.edit("tensorType") { $0.setDimensions([32, 33]) } }
      }
    },
    .model(
      "a weight of 2^63 elements",
      "const 'p_0_weight_to_fp16': the attribute 'val' has shape [4611686018427387904, 2], which has too many elements"
    ) {
      $0.editConstant("p_0_weight_to_fp16") {
        $0.edit("type") { $0.edit("tensorType") { $0.setDimensions([1 << 62, 2]) } }
      }
    },
    .model(
      "a weight of 2^62 elements",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight's record has 2048 bytes but 4611686018427387904 elements of float16 take more than can be addressed"
    ) {
      $0.editConstant("p_0_weight_to_fp16") {
        $0.edit("type") { $0.edit("tensorType") { $0.setDimensions([1 << 62]) } }
      }
    },
    .model(
      "a weight of unknown shape",
      "const 'p_0_weight_to_fp16': the attribute 'val' is in a weight file but declared float16[32, d0]"
    ) {
      $0.editConstant("p_0_weight_to_fp16") {
        $0.edit("type") { $0.edit("tensorType") { $0.setDimensions([32, nil]) } }
      }
    },
    .model(
      "a weight of strings",
      "const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight is declared string but its record says float16"
    ) {
      $0.editConstant("p_0_weight_to_fp16") {
        $0.edit("type") { $0.edit("tensorType") { $0.set("dataType", 2) } }
      }
    },
  ]

  private static func blob(
    _ change: @escaping @Sendable (inout ProtoMessage) -> Void
  ) -> @Sendable (inout ProtoMessage) -> Void {
    { model in
      model.editConstant("p_0_weight_to_fp16") { $0.edit("blobFileValue", change) }
    }
  }
}
