// SPDX-License-Identifier: Apache-2.0

/// What can be wrong with the folder and its manifest.
enum FolderDefects {
  private static let outside = "/etc/hostname"
  private static let modelItem = "com.apple.CoreML/model.mlmodel"

  static let all: [Defect] = files + manifest

  static let files: [Defect] = [
    Defect("no manifest", "") {
      $0.files[SpoiledPackage.manifestPath] = nil
    },
    Defect("a manifest that is a folder", "") {
      $0.files["Manifest.json/x"] = []
      $0.files[SpoiledPackage.manifestPath] = nil
    },
    Defect("a manifest that is a link out", "") {
      $0.link(SpoiledPackage.manifestPath, to: outside)
    },
    Defect("a manifest of 5 MB", "") {
      $0.manifest += String(repeating: " ", count: 5 << 20)
    },
    Defect("no model", "") {
      $0.files[SpoiledPackage.modelPath] = nil
    },
    Defect("a model that is a folder", "") {
      $0.files[SpoiledPackage.modelPath + "/x"] = []
      $0.files[SpoiledPackage.modelPath] = nil
    },
    Defect("a model that is a link out", "") {
      $0.link(SpoiledPackage.modelPath, to: outside)
    },
    Defect("a model that is a link to nothing", "") {
      $0.link(SpoiledPackage.modelPath, to: "nothing")
    },
    Defect("a model that is a link to itself", "") {
      $0.link(SpoiledPackage.modelPath, to: "model.mlmodel")
    },
    Defect("a model that is a device", "") {
      $0.link(SpoiledPackage.modelPath, to: "/dev/zero")
    },
    Defect("weights that are a link out", "") {
      $0.link(SpoiledPackage.weightsPath, to: outside)
    },
    Defect("a weights folder that is a link out", "") {
      $0.files[SpoiledPackage.weightsPath] = nil
      $0.link("Data/com.apple.CoreML/weights", to: "/etc")
    },
    Defect("weights that are a folder", "") {
      $0.files[SpoiledPackage.weightsPath + "/x"] = []
      $0.files[SpoiledPackage.weightsPath] = nil
    },
    Defect("a data folder that is a file", "") {
      for name in $0.files.keys where name.hasPrefix("Data/") { $0.files[name] = nil }
      $0.files["Data"] = []
    },
  ]

  static let manifest: [Defect] = [
    Defect("an empty manifest", "") {
      $0.manifest = ""
    },
    Defect("a manifest cut off", "") {
      $0.manifest = String($0.manifest.prefix(300))
    },
    Defect("a manifest without its last byte", "") {
      while $0.manifest.last != "}" { $0.manifest.removeLast() }
      $0.manifest.removeLast()
    },
    Defect("a manifest that is no JSON", "") {
      $0.manifest = "<plist/>"
    },
    Defect("a manifest that is no text", "") {
      $0.files[SpoiledPackage.manifestPath] = [0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]
    },
    Defect("a manifest with a NUL byte", "") {
      $0.manifest = $0.manifest.replacingOccurrences(of: "1.0.0", with: "1.0.0\0")
    },
    Defect("a manifest of two values", "") {
      $0.manifest += "{}"
    },
    Defect("a manifest that is an array", "") {
      $0.manifest = "[]"
    },
    Defect("a manifest of 100000 nested arrays", "") {
      $0.manifest = String(repeating: "[", count: 100_000)
    },
    .manifest("no format version", "", replacing: "\"fileFormatVersion\"", by: "\"version\""),
    .manifest("a format version that is a number", "", replacing: "\"1.0.0\"", by: "1"),
    .manifest("a format version of two numbers", "", replacing: "1.0.0", by: "1.0"),
    .manifest("a format version of words", "", replacing: "1.0.0", by: "1.0.x"),
    .manifest("a negative format version", "", replacing: "1.0.0", by: "1.0.-1"),
    .manifest("a later format", exit: 69, "", replacing: "1.0.0", by: "2.0.0"),
    .manifest("no items", "", replacing: "\"itemInfoEntries\"", by: "\"items\""),
    Defect("items that are an array", "") {
      $0.manifest = """
        {"fileFormatVersion": "1.0.0", "itemInfoEntries": [], "rootModelIdentifier": "x"}
        """
    },
    Defect("an item that is a string", "") {
      $0.manifest = """
        {"fileFormatVersion": "1.0.0", "itemInfoEntries": {"x": "y"}, "rootModelIdentifier": "x"}
        """
    },
    .manifest("an item without a path", "", replacing: "\"path\"", by: "\"place\""),
    .manifest(
      "an item whose path is a number", "", replacing: "\"\(modelItem)\"", by: "7"),
    .manifest("an item without an author", "", replacing: "\"author\"", by: "\"writer\""),
    .manifest("no root", "", replacing: "\"rootModelIdentifier\"", by: "\"root\""),
    Defect("a root that is no item", "") {
      let parts = $0.manifest.components(separatedBy: "\"rootModelIdentifier\": \"")
      $0.manifest = parts[0] + "\"rootModelIdentifier\": \"0\"}"
    },
    Defect("a root that is the weights", "") {
      let identifier = "66828430-ec21-4bfa-bf10-281fbdee5013"
      let parts = $0.manifest.components(separatedBy: "\"rootModelIdentifier\": \"")
      $0.manifest = parts[0] + "\"rootModelIdentifier\": \"\(identifier)\"}"
    },
    .manifest(
      "an identifier twice", "", replacing: "66828430-ec21-4bfa-bf10-281fbdee5013",
      by: "f40ebc26-13da-4dfc-a3f1-3bb10a179cfb"),
    .manifest("a path twice", "", replacing: "com.apple.CoreML/weights", by: modelItem),
    .manifest("an item that is missing", "", replacing: "com.apple.CoreML/weights", by: "x/y"),
    .manifest("a path upwards", "", replacing: modelItem, by: "../../x"),
    .manifest(
      "a path upwards within", "", replacing: modelItem, by: "com.apple.CoreML/../../../x"),
    .manifest("an absolute path", "", replacing: modelItem, by: outside),
    .manifest("an empty path", "", replacing: modelItem, by: ""),
    .manifest("a path with an empty part", "", replacing: modelItem, by: "a//b"),
    .manifest("a path with a NUL", "", replacing: modelItem, by: "a\\u0000"),
    .manifest("a path with an escape sequence", "", replacing: modelItem, by: "\\u001b[2Jx\\ny"),
    Defect("a path of a million letters", "") {
      $0.manifest = $0.manifest.replacingOccurrences(
        of: modelItem, with: String(repeating: "a", count: 1_000_000))
    },
  ]
}
