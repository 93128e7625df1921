// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// What can be wrong with the archive itself.
enum ArchiveDefects {
  static let all: [Defect] = [
    Defect(
      "an empty file", .malformed,
      "x.pt2: is not a zip archive (0 bytes)"
    ) { [] },
    Defect(
      "wrong magic", .malformed,
      "x.pt2: is not a zip archive (begins with 0x20746f6e)"
    ) { Array("not an archive at all".utf8) },
    Defect(
      "end record cut off", .malformed,
      "x.pt2: has no end record: it is cut off, or not a zip archive"
    ) { Array(Archive.whole.bytes.dropLast(22)) },
    Defect(
      "end record cut in half", .malformed,
      "x.pt2: has no end record: it is cut off, or not a zip archive"
    ) { Array(Archive.whole.bytes.dropLast(11)) },
    Defect(
      "directory cut off", .malformed,
      "x.pt2: has no end record: it is cut off, or not a zip archive"
    ) { Archive.whole.withoutDirectory },
    Defect(
      "entries cut off", .malformed,
      "x.pt2: is not a zip archive (begins with 0xb8bd4948)"
    ) { Array(Archive.whole.bytes.dropFirst(100)) },
    Defect(
      "half of the file", .malformed,
      "x.pt2: has no end record: it is cut off, or not a zip archive"
    ) { Array(Archive.whole.bytes.prefix(Archive.whole.bytes.count / 2)) },
    Defect(
      "no model", .malformed,
      "x.pt2: has no 'models/*.json': not an exported program"
    ) { Archive.whole.without("models/model.json").bytes },
    Defect(
      "two models", .unsupportedArgument,
      "x.pt2: holds 2 exported programs (mlp/models/model.json, mlp/models/other.json)"
    ) { Archive.whole.adding("models/other.json", "{}").bytes },
    Defect(
      "an entry twice", .malformed,
      "x.pt2 > mlp/byteorder: two entries have this name"
    ) { Archive.whole.adding("byteorder", "little").bytes },
    Defect(
      "an entry that leaves the archive", .malformed,
      "x.pt2 > mlp/../../../etc/cron.d/x: the name leads out of the archive"
    ) { Archive.whole.adding("../../../etc/cron.d/x", "x").bytes },
    Defect(
      "an absolute entry", .malformed,
      "x.pt2 > /etc/passwd: the name leads out of the archive"
    ) { Archive.whole.addingEntry("/etc/passwd", "x").bytes },
    Defect(
      "a missing weight", .malformed,
      "x.pt2 > mlp/data/weights/model_weights_config.json: config.0.weight: "
        + "the entry 'mlp/data/weights/weight_0' of '0.weight' is missing"
    ) { Archive.whole.without("data/weights/weight_0").bytes },
    Defect(
      "no list of weights", .malformed,
      "x.pt2: the weight '0.weight' is not in the archive"
    ) { Archive.whole.without("data/weights/model_weights_config.json").bytes },
    Defect(
      "a TorchScript archive", .unsupportedArgument,
      "x.pt2: is a TorchScript or pickled model, not an exported program"
    ) { Archive.named("mlp/data.pkl", "x").bytes },
    Defect(
      "an archive of torch 2.6", .unsupportedArgument,
      "x.pt2: is an exported program of torch 2.6 or older, whose weights are pickled"
    ) { Archive.named("serialized_exported_program.json", "{}").bytes },
    Defect(
      "big endian", .unsupportedArgument,
      "x.pt2 > mlp/byteorder: is 'big', only little-endian archives are supported"
    ) { Archive.whole.replacing("byteorder", "big").bytes },
    Defect(
      "a wrong checksum", .malformed,
      "x.pt2 > mlp/models/model.json: it cannot be read: CRC error"
    ) { Archive.whole.corrupting("models/model.json", crc: 1).bytes },
    Defect(
      "a size beyond the file", .malformed,
      "x.pt2 > mlp/models/model.json: it is stored, but has 7968 bytes for "
        + "a size of 4294967280"
    ) { Archive.whole.corrupting("models/model.json", size: 0xffff_fff0).bytes },
    Defect(
      "no JSON", .malformed,
      "x.pt2 > mlp/models/model.json: not valid JSON: line 1, column 2: "
        + "invalid literal"
    ) { Archive.whole.replacing("models/model.json", "nothing").bytes },
    Defect(
      "an empty model", .malformed,
      "x.pt2 > mlp/models/model.json: not valid JSON: line 1, column 1: the "
        + "text ends early"
    ) { Archive.whole.replacing("models/model.json", "").bytes },
    Defect(
      "JSON cut off", .malformed,
      "x.pt2 > mlp/models/model.json: not valid JSON: line 1, column 3001: "
        + "the text ends early"
    ) { Archive.whole.cutting("models/model.json", to: 3000).bytes },
    Defect(
      "100000 nested arrays", .malformed,
      "x.pt2 > mlp/models/model.json: not valid JSON: line 1, column 257: "
        + "nested more than 256 deep"
    ) {
      Archive.whole.replacing("models/model.json", String(repeating: "[", count: 100_000)).bytes
    },
    Defect(
      "a list of weights that is cut off", .malformed,
      "x.pt2 > mlp/data/weights/model_weights_config.json: not valid JSON: "
        + "line 1, column 501: the text ends early"
    ) { Archive.whole.cutting("data/weights/model_weights_config.json", to: 500).bytes },
  ]
}
