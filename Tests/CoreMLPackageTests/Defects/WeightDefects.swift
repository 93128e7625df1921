// SPDX-License-Identifier: Apache-2.0
import Containers

/// What can be wrong with the weight file, and with how the model refers to it.
///
/// The file begins with a header of 64 bytes; the first record lies at 64 and its data, 2048 bytes
/// of float16, at 128.
enum WeightDefects {
  static let all: [Defect] = [
    Defect("no weight file", "") {
      $0.files[SpoiledPackage.weightsPath] = nil
    },
    .weights("an empty weight file", "") { $0 = [] },
    .weights("a header cut off", "") { $0 = Array($0.prefix(63)) },
    .weights("nothing but a header", "") { $0 = Array($0.prefix(64)) },
    .weights("a record cut off", "") { $0 = Array($0.prefix(127)) },
    .weights("a record without data", "") { $0 = Array($0.prefix(128)) },
    .weights("data cut off", "") { $0 = Array($0.prefix(2175)) },
    .weights("the last byte cut off", "") { $0.removeLast() },
    .weights("version 1", "") { $0.put(UInt32(1), at: 4) },
    .weights("version 3", "") { $0.put(UInt32(3), at: 4) },
    .weights("another sentinel", "") { $0.put(UInt32(0xdead_beee), at: 64) },
    .weights("dtype code 0", "") { $0.put(UInt32(0), at: 68) },
    .weights("dtype code 18", "") { $0.put(UInt32(18), at: 68) },
    .weights("another dtype", "") { $0.put(UInt32(2), at: 68) },
    .weights("a size of 2^64 - 1", "") { $0.put(UInt64.max, at: 72) },
    .weights("a size that is too small", "") { $0.put(UInt64(2047), at: 72) },
    .weights("a size that is too large", "") { $0.put(UInt64(2049), at: 72) },
    .weights("data past the end", "") { $0.put(UInt64(1 << 20), at: 80) },
    .weights("data at 2^64 - 1", "") { $0.put(UInt64.max, at: 80) },
    .weights("data whose end overflows", "") { $0.put(UInt64.max - 2047, at: 80) },
    .weights("data at an odd offset", "") { $0.put(UInt64(129), at: 80) },
    .weights("data over the header", "") { $0.put(UInt64(0), at: 80) },
    .weights("padding that is not there", in: "int4-block-iOS18", "") {
      $0.put(UInt64(4), at: 88)
    },
    .weights("padding of 2^64 - 1 bits", in: "int4-block-iOS18", "") {
      $0.put(UInt64.max, at: 88)
    },
    .model("a record at 0", "", blob { $0.set("offset", 0) }),
    .model("a record at an odd offset", "", blob { $0.set("offset", 65) }),
    .model("a record past the end", "", blob { $0.set("offset", 1 << 40) }),
    .model("a record at 2^64 - 1", "", blob { $0.set("offset", UInt64.max) }),
    .model("a weight file without a name", "", blob { $0.set("fileName", "") }),
    .model("a weight file by its path", "", blob { $0.set("fileName", "/etc/hostname") }),
    .model("a weight file upwards", "", blob { $0.set("fileName", "@model_path/../../x") }),
    .model("a weight file that is missing", "", blob { $0.set("fileName", "@model_path/x.bin") }),
    .model(
      "a weight file that is the model", "",
      blob { $0.set("fileName", "@model_path/model.mlmodel") }),
    .model("a weight of more elements than its record", "") {
      $0.editConstant("p_0_weight_to_fp16") {
        $0.edit("type") { $0.edit("tensorType") { $0.setDimensions([32, 33]) } }
      }
    },
    .model("a weight of 2^63 elements", "") {
      $0.editConstant("p_0_weight_to_fp16") {
        $0.edit("type") { $0.edit("tensorType") { $0.setDimensions([1 << 62, 2]) } }
      }
    },
    .model("a weight of 2^62 elements", "") {
      $0.editConstant("p_0_weight_to_fp16") {
        $0.edit("type") { $0.edit("tensorType") { $0.setDimensions([1 << 62]) } }
      }
    },
    .model("a weight of unknown shape", "") {
      $0.editConstant("p_0_weight_to_fp16") {
        $0.edit("type") { $0.edit("tensorType") { $0.setDimensions([32, nil]) } }
      }
    },
    .model("a weight of strings", "") {
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
