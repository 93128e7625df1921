// SPDX-License-Identifier: Apache-2.0

/// What can be wrong with the folder and its manifest.
enum FolderDefects {
  private static let outside = "/etc/hostname"
  private static let modelItem = "com.apple.CoreML/model.mlmodel"

  static let all: [Defect] = files + manifest

  static let files: [Defect] = [
    Defect("no manifest", ": has no Manifest.json; it is not an .mlpackage") {
      $0.files[SpoiledPackage.manifestPath] = nil
    },
    Defect("a manifest that is a folder", " > Manifest.json: is not a regular file") {
      $0.files["Manifest.json/x"] = []
      $0.files[SpoiledPackage.manifestPath] = nil
    },
    Defect(
      "a manifest that is a link out",
      " > Manifest.json: the manifest 'Manifest.json' is a symbolic link that leaves the package"
    ) {
      $0.link(SpoiledPackage.manifestPath, to: outside)
    },
    Defect("a manifest of 5 MB", " > Manifest.json: has 5243497 bytes (at most 4194304 expected)") {
      $0.manifest += String(repeating: " ", count: 5 << 20)
    },
    Defect(
      "no model", " > Manifest.json: the item 'Data/com.apple.CoreML/model.mlmodel' is missing"
    ) {
      $0.files[SpoiledPackage.modelPath] = nil
    },
    Defect(
      "a model that is a folder", " > Data/com.apple.CoreML/model.mlmodel: is not a regular file"
    ) {
      $0.files[SpoiledPackage.modelPath + "/x"] = []
      $0.files[SpoiledPackage.modelPath] = nil
    },
    Defect(
      "a model that is a link out",
      " > Manifest.json: the item 'Data/com.apple.CoreML/model.mlmodel' is a symbolic link that leaves the package"
    ) {
      $0.link(SpoiledPackage.modelPath, to: outside)
    },
    Defect(
      "a model that is a link to nothing",
      " > Manifest.json: the item 'Data/com.apple.CoreML/model.mlmodel' is missing"
    ) {
      $0.link(SpoiledPackage.modelPath, to: "nothing")
    },
    Defect(
      "a model that is a link to itself",
      " > Manifest.json: the item 'Data/com.apple.CoreML/model.mlmodel' is missing"
    ) {
      $0.link(SpoiledPackage.modelPath, to: "model.mlmodel")
    },
    Defect(
      "a model that is a device",
      " > Manifest.json: the item 'Data/com.apple.CoreML/model.mlmodel' is a symbolic link that leaves the package"
    ) {
      $0.link(SpoiledPackage.modelPath, to: "/dev/zero")
    },
    Defect(
      "weights that are a link out",
      " > Data/com.apple.CoreML/model.mlmodel: const 'p_0_weight_to_fp16': the attribute 'val' cannot be read: the weight file 'Data/com.apple.CoreML/weights/weight.bin' is a symbolic link that leaves the package"
    ) {
      $0.link(SpoiledPackage.weightsPath, to: outside)
    },
    Defect(
      "a weights folder that is a link out",
      " > Manifest.json: the item 'Data/com.apple.CoreML/weights' is a symbolic link that leaves the package"
    ) {
      $0.files[SpoiledPackage.weightsPath] = nil
      $0.link("Data/com.apple.CoreML/weights", to: "/etc")
    },
    Defect(
      "weights that are a folder", "/Data/com.apple.CoreML/weights/weight.bin: not a regular file"
    ) {
      $0.files[SpoiledPackage.weightsPath + "/x"] = []
      $0.files[SpoiledPackage.weightsPath] = nil
    },
    Defect(
      "a data folder that is a file",
      " > Manifest.json: the item 'Data/com.apple.CoreML/model.mlmodel' is missing"
    ) {
      for name in $0.files.keys where name.hasPrefix("Data/") { $0.files[name] = nil }
      $0.files["Data"] = []
    },
  ]

  static let manifest: [Defect] = [
    Defect(
      "an empty manifest", " > Manifest.json: not valid JSON: line 1, column 1: the text ends early"
    ) {
      $0.manifest = ""
    },
    Defect(
      "a manifest cut off",
      " > Manifest.json: not valid JSON: line 10, column 8: the text ends early"
    ) {
      $0.manifest = String($0.manifest.prefix(300))
    },
    Defect(
      "a manifest without its last byte",
      " > Manifest.json: not valid JSON: line 18, column 1: the text ends early"
    ) {
      while $0.manifest.last != "}" { $0.manifest.removeLast() }
      $0.manifest.removeLast()
    },
    Defect(
      "a manifest that is no JSON",
      " > Manifest.json: not valid JSON: line 1, column 1: unexpected character '<'"
    ) {
      $0.manifest = "<plist/>"
    },
    Defect(
      "a manifest that is no text",
      " > Manifest.json: not valid JSON: line 1, column 3: invalid UTF-8"
    ) {
      $0.files[SpoiledPackage.manifestPath] = [0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]
    },
    Defect(
      "a manifest with a NUL byte",
      " > Manifest.json: not valid JSON: line 2, column 32: unexpected NUL byte"
    ) {
      $0.manifest = $0.manifest.replacingOccurrences(of: "1.0.0", with: "1.0.0\0")
    },
    Defect(
      "a manifest of two values",
      " > Manifest.json: not valid JSON: line 19, column 1: unexpected character '{'"
    ) {
      $0.manifest += "{}"
    },
    Defect("a manifest that is an array", " > Manifest.json: expected an object, found an array") {
      $0.manifest = "[]"
    },
    Defect(
      "a manifest of 100000 nested arrays",
      " > Manifest.json: not valid JSON: line 1, column 257: nested more than 256 deep"
    ) {
      $0.manifest = String(repeating: "[", count: 100_000)
    },
    .manifest(
      "no format version", "the key 'fileFormatVersion' is missing",
      replacing: "\"fileFormatVersion\"", by: "\"version\""),
    .manifest(
      "a format version that is a number", "fileFormatVersion: expected a string, found an integer",
      replacing: "\"1.0.0\"", by: "1"),
    .manifest(
      "a format version of two numbers",
      "fileFormatVersion: '1.0' is not a version of three numbers", replacing: "1.0.0", by: "1.0"),
    .manifest(
      "a format version of words", "fileFormatVersion: '1.0.x' is not a version of three numbers",
      replacing: "1.0.0", by: "1.0.x"),
    .manifest(
      "a negative format version", "fileFormatVersion: '1.0.-1' is not a version of three numbers",
      replacing: "1.0.0", by: "1.0.-1"),
    .manifest(
      "a later format", exit: 69, "fileFormatVersion: '2.0.0' is a later format (readable: 1.0.0)",
      replacing: "1.0.0", by: "2.0.0"),
    .manifest(
      "no items", "the key 'itemInfoEntries' is missing", replacing: "\"itemInfoEntries\"",
      by: "\"items\""),
    Defect(
      "items that are an array",
      " > Manifest.json: itemInfoEntries: expected an object, found an array"
    ) {
      $0.manifest = """
        {"fileFormatVersion": "1.0.0", "itemInfoEntries": [], "rootModelIdentifier": "x"}
        """
    },
    Defect(
      "an item that is a string",
      " > Manifest.json: itemInfoEntries.x: expected an object, found a string"
    ) {
      $0.manifest = """
        {"fileFormatVersion": "1.0.0", "itemInfoEntries": {"x": "y"}, "rootModelIdentifier": "x"}
        """
    },
    .manifest(
      "an item without a path",
      "itemInfoEntries.66828430-ec21-4bfa-bf10-281fbdee5013: the key 'path' is missing",
      replacing: "\"path\"", by: "\"place\""),
    .manifest(
      "an item whose path is a number",
      "itemInfoEntries.f40ebc26-13da-4dfc-a3f1-3bb10a179cfb.path: expected a string, found an integer",
      replacing: "\"\(modelItem)\"", by: "7"),
    .manifest(
      "an item without an author",
      "itemInfoEntries.66828430-ec21-4bfa-bf10-281fbdee5013: the key 'author' is missing",
      replacing: "\"author\"", by: "\"writer\""),
    .manifest(
      "no root", "the key 'rootModelIdentifier' is missing", replacing: "\"rootModelIdentifier\"",
      by: "\"root\""),
    Defect(
      "a root that is no item",
      " > Manifest.json: rootModelIdentifier: '0' is not among itemInfoEntries"
    ) {
      let parts = $0.manifest.components(separatedBy: "\"rootModelIdentifier\": \"")
      $0.manifest = parts[0] + "\"rootModelIdentifier\": \"0\"}"
    },
    .manifest(
      "an identifier twice",
      "not valid JSON: line 10, column 9: the key 'f40ebc26-13da-4dfc-a3f1-3bb10a179cfb' is given twice",
      replacing: "66828430-ec21-4bfa-bf10-281fbdee5013",
      by: "f40ebc26-13da-4dfc-a3f1-3bb10a179cfb"),
    .manifest(
      "a path twice", "itemInfoEntries: two items have the path 'com.apple.CoreML/model.mlmodel'",
      replacing: "com.apple.CoreML/weights", by: modelItem),
    .manifest(
      "an item where the weights belong",
      "itemInfoEntries: the item 'com.apple.CoreML/weights/x' lies in the item "
        + "'com.apple.CoreML/weights'", replacing: modelItem, by: "com.apple.CoreML/weights/x"),
    .manifest(
      "an item that holds the model",
      "itemInfoEntries: the item 'com.apple.CoreML' lies where the model and its weights belong",
      replacing: "com.apple.CoreML/weights", by: "com.apple.CoreML"),
    .manifest(
      "another model where the model belongs",
      "itemInfoEntries: the item 'com.apple.CoreML/model.mlmodel' lies where the model and its "
        + "weights belong",
      replacing: "\"rootModelIdentifier\": \"f40ebc26-13da-4dfc-a3f1-3bb10a179cfb",
      by: "\"rootModelIdentifier\": \"66828430-ec21-4bfa-bf10-281fbdee5013"),
    .manifest(
      "an item that is missing", "the item 'Data/x/y' is missing",
      replacing: "com.apple.CoreML/weights", by: "x/y"),
    .manifest(
      "a path upwards", "the path 'Data/../../x' of the item leaves the package",
      replacing: modelItem, by: "../../x"),
    .manifest(
      "a path upwards within",
      "the path 'Data/com.apple.CoreML/../../../x' of the item leaves the package",
      replacing: modelItem, by: "com.apple.CoreML/../../../x"),
    .manifest(
      "an absolute path",
      "the path 'Data//etc/hostname' of the item is not one of names between slashes",
      replacing: modelItem, by: outside),
    .manifest(
      "an empty path", "the path 'Data/' of the item is not one of names between slashes",
      replacing: modelItem, by: ""),
    .manifest(
      "a path with an empty part",
      "the path 'Data/a//b' of the item is not one of names between slashes", replacing: modelItem,
      by: "a//b"),
    .manifest(
      "a path with a NUL", "the path 'Data/a\\0' of the item is not one of names between slashes",
      replacing: modelItem, by: "a\\u0000"),
    .manifest(
      "a path with an escape sequence", "the item 'Data/\\u{1B}[2Jx\\ny' is missing",
      replacing: modelItem, by: "\\u001b[2Jx\\ny"),
    Defect(
      "a path of a million letters",
      " > Manifest.json: the item 'Data/" + String(repeating: "a", count: 685) + " … "
        + String(repeating: "a", count: 288) + "' is missing"
    ) {
      $0.manifest = $0.manifest.replacingOccurrences(
        of: modelItem, with: String(repeating: "a", count: 1_000_000))
    },
  ]
}
