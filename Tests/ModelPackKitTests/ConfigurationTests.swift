// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import ModelPackKit
import TestSupport
import Testing

/// Files of settings: what is read, what is refused, and what is written.
@Suite struct ConfigurationTests {
  private typealias Settings = QuantizationSettings
  let folder = ScratchFolder()

  private func read(_ text: String, _ settings: Settings = Settings()) throws -> Settings {
    var settings = settings
    try settings.apply(configurationFile: folder.file("c.yaml", text))
    return settings
  }

  // MARK: Reading

  @Test func treatments() throws {
    var palette = Settings.Palette(bits: 4)
    #expect(try read("palette: 4").treatment == .palette(palette))
    palette.mode = .uniform
    palette.groupSize = 16
    palette.groupAxis = .input
    palette.hasChannelScale = true
    palette.tableType = .int8
    #expect(
      try read(
        """
        palette:
          bits: 4
          mode: uniform
          group: 16
          group-axis: input
          channel-scale: true
          table-dtype: int8
        sparse: 0.25
        """
      ).treatment == .palette(palette, pruning: .share(0.25)))
    var vectors = Settings.Palette(bits: 1)
    vectors.clusterSize = 2
    vectors.mode = .table([0.1, -2, .leastNonzeroMagnitude, 0])
    #expect(
      try read("palette: {bits: 1, cluster: 2, table: [0.1, -2, 1e-45, 0]}").treatment
        == .palette(vectors))
    for (text, pruning) in [
      ("sparse: 50%", .share(0.5)), ("sparse: \"0.5\"", .share(0.5)),
      ("sparse: {share: 0.5}", .share(0.5)),
      ("sparse: {share: 40%, block: 4}", .blocks(share: 0.4, size: 4, axis: .output)),
      ("sparse: {share: 1, block: 2, axis: input}", .blocks(share: 1, size: 2, axis: .input)),
      ("threshold: 0.01", .threshold(0.01)),
      ("threshold: {value: 2, minimum-share: 30%}", .threshold(2, minimumShare: 0.3)),
      ("pattern: 2:4", .pattern(zeros: 2, group: 4)),
      ("pattern: {zeros: 3, group: 5, axis: output}", .pattern(zeros: 3, group: 5, axis: .output)),
    ] as [(String, Settings.Pruning)] {
      #expect(try read(text).treatment == .sparse(pruning), "\(text)")
    }
    #expect(
      try read("dtype: uint8\nblock: 4\nmode: asymmetric\nfit: error\npattern: \"1:2\"").treatment
        == .linear(
          .init(.uint8, .block(4), .asymmetric, fit: .error), pruning: .pattern(zeros: 1, group: 2))
    )
  }

  /// What a rule leaves open of linear quantization is as at the top; nothing else is.
  @Test func rules() throws {
    let settings = try read(
      """
      dtype: int4
      block: 16
      mode: asymmetric
      fit: error
      sparse: 50%
      rules:
        - weights: a
          granularity: per-channel
        - {weights: [b, c], dtype: int8}
        - {names: "*d", pattern: "2:4", min-elements: 0}
        - {operations: [gather], skip: true}
      """)
    #expect(
      settings.rules == [
        .init(weights: ["a"], .linear(.init(.int4, .perChannel, .asymmetric, fit: .error))),
        .init(weights: ["b", "c"], .linear(.init(.int8, .perChannel, .asymmetric, fit: .error))),
        .init(names: ["*d"], .sparse(.pattern(zeros: 2, group: 4)), minElements: 0),
        .init(operations: ["gather"], nil),
      ])
    let options = try settings.options()
    #expect(options.rules.map(\.weights) == [["a"], ["b", "c"], [], []])
    #expect(options.rules[3].scheme == nil)
    #expect(options.rules[2].scheme?.values == .dense)
    #expect(options.rules[1].scheme?.pruning == nil)
  }

  @Test func pathsAreRelativeToTheFile() throws {
    var header = "{'descr': '|i1', 'fortran_order': False, 'shape': (3,), }"
    header += String(repeating: " ", count: 117 - header.count) + "\n"
    folder.file("t.npy", [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + header.utf8 + [1, 2, 3])
    let settings = try read(
      "importance: i.npz\ndtype: int4\nfit: error\nrules: [{palette: {bits: 2, table: t.npy}}]")
    #expect(settings.importanceFile == folder("i.npz"))
    guard case .palette(let palette)? = settings.rules.first?.treatment?.values else {
      Issue.record("no palette")
      return
    }
    #expect(palette.mode == .table([1, 2, 3]))
    #expect(settings.configuration(for: folder("d.yaml")).contains("\nimportance: i.npz\n"))
    #expect(settings.configuration().contains("\nimportance: \(folder("i.npz"))\n"))
  }

  // MARK: Refusing

  @Test(arguments: [
    ("palette: 4\nblock: 8", "line 2: 'palette' and 'block' exclude each other"),
    ("dtype: int4\npalette: 4", "line 2: 'dtype' and 'palette' exclude each other"),
    ("sparse: 0.5\npattern: \"2:4\"", "line 2: 'sparse' and 'pattern' exclude each other"),
    ("threshold: 1\nsparse: 0.5", "line 2: 'threshold' and 'sparse' exclude each other"),
    ("palette: 5", "line 1: palettes of 5 bits are impossible"),
    ("palette: many", "line 1: expected a whole number, found 'many'"),
    ("palette: {mode: unique}", "line 1: the key 'bits' is missing"),
    ("palette:\n  bits: 4\n  group: 0", "line 3: 'group' must be 1 or more"),
    ("palette:\n  bits: 4\n  bit: 3", "line 3: the key 'bit' is not known"),
    (
      "palette: {bits: 4, group: 6, cluster: 4}",
      "line 1: groups of 6 channels do not divide into vectors of 4"
    ),
    ("palette: {bits: 4, group-axis: input}", "line 1: 'group-axis' needs 'group'"),
    (
      "palette: {bits: 4, table: [1], mode: uniform}",
      "line 1: 'table' and 'mode' exclude each other"
    ),
    ("palette: {bits: 4, channel-scale: 1}", "line 1: expected true or false, found '1'"),
    (
      "palette: {bits: 4, table: [1e39]}",
      "line 1: expected a number that float32 holds, found '1e39'"
    ),
    ("palette: {bits: 4, table: [one]}", "line 1: expected a number, found 'one'"),
    ("sparse: 150%", "line 1: '150%' is no share"),
    ("sparse: {share: 0.5, axis: input}", "line 1: 'axis' needs 'block'"),
    ("sparse: {share: 0.5, block: 1}", "line 1: 'block' must be 2 or more"),
    ("threshold: -1", "line 1: a threshold of -1.0 is impossible"),
    ("threshold: .inf", "line 1: expected a number, found '.inf'"),
    ("pattern: 4:2", "line 1: '4:2' is no pattern"),
    ("pattern: {zeros: 5, group: 4}", "line 1: 5 zeros of 4 elements are impossible"),
    ("importance: i.npz\ndtype: int4\nfit: min-max", "line 1: 'importance' goes with 'fit: error'"),
    ("fit: error", "line 1: the key 'dtype' is missing"),
    ("rules:\n- weights: []\n  dtype: int4", "line 2: the list 'weights' is empty"),
    ("rules:\n- skip: true\n  sparse: 0.5", "line 2: a rule that skips has no settings"),
    (
      "rules:\n- operations: liner\n  skip: true",
      "line 2: 'liner' is not one of conv, conv_transpose, gather, linear, matmul"
    ),
    ("rules:\n- include: a\n  dtype: int4", "line 2: the key 'include' is not known"),
    ("rules: 5", "line 1: expected a list, found '5'"),
    ("rules: [5]", "line 1: expected keys and values, found '5'"),
  ])
  func refused(_ text: String, _ message: String) {
    #expect(thrownText(in: folder) { _ = try read(text) } == "malformed-input: c.yaml: \(message)")
  }

  @Test func allProblemsAreTold() throws {
    let text = thrownText(in: folder) {
      _ = try read(
        """
        rules:
          - dtype: int5
            weights: []
          - blocks: 3
          - palette: {bits: 4, group: few}
          - min-elements: -1
            sparse: 0.5
        min-elements: x
        dtipe: int4
        """)
    }
    #expect(
      text == """
        malformed-input: c.yaml: line 2: 'int5' is not one of int4, uint4, int8, uint8
        malformed-input: c.yaml: line 4: the key 'blocks' is not known
        malformed-input: c.yaml: line 5: expected a whole number, found 'few'
        malformed-input: c.yaml: line 6: 'min-elements' must be 0 or more
        malformed-input: c.yaml: line 8: expected a whole number, found 'x'
        malformed-input: c.yaml: line 9: the key 'dtipe' is not known
        """)
    // A bad scheme at the top is not told again for each rule.
    #expect(
      thrownText(in: folder) { _ = try read("dtype: int5\nrules: [{block: 4}]") }
        == "malformed-input: c.yaml: line 1: 'int5' is not one of int4, uint4, int8, uint8")
  }

  @Test func remedies() throws {
    for (text, fix) in [
      ("palete: 4", "did you mean 'palette'? keys: "),
      ("dtype: int3", "use 'palette: {bits: 3, mode: uniform}', a table of evenly spaced values"),
      ("rules: [{names: a}]", "give it a dtype, a palette or pruning, or 'skip: true' to "),
      ("rules: [{skip: true, palette: 4}]", "remove 'skip' or 'palette'"),
      ("rules: [{operations: liner, skip: true}]", "did you mean 'linear'? "),
    ] {
      let problems = #expect(throws: DiagnosticList.self) { try read(text) }
      let remedy = problems?.diagnostics.first?.remedy ?? ""
      #expect(remedy.hasPrefix(fix), "\(remedy)")
    }
    let missing = #expect(throws: DiagnosticList.self) { try read("palette: {bits: 4, table: t}") }
    #expect(missing?.diagnostics.first?.code == .notFound)
    #expect(missing?.diagnostics.first?.notes == ["named in line 1 of \(folder("c.yaml"))"])
  }

  @Test func nothingIsTakenOverFromABadFile() {
    var settings = Settings(.init(.int8))
    let path = folder.file("c.yaml", "min-elements: 5\nexclude: [a]\nrules: [5]\n")
    #expect(throws: DiagnosticList.self) { try settings.apply(configurationFile: path) }
    #expect(settings == Settings(.init(.int8)))
  }

  // MARK: Writing

  @Test func looksLikeThis() {
    var settings = Settings(.init(.int4))
    settings.exclude = ["*norm*"]
    var palette = Settings.Palette(bits: 4)
    palette.groupSize = 16
    palette.mode = .table((0..<10).map { Float($0) / 10 })
    settings.rules = [
      .init(weights: ["a_to_fp16", "b c"], .palette(palette, pruning: .share(0.00001))),
      .init(weights: ["d"], operations: ["gather"], .palette(.init(bits: 6))),
      .init(names: ["*x"], nil, minElements: 5),
    ]
    #expect(
      settings.configuration(comment: ["Chosen for 4.5 bits", "", "two\nlines\u{7}"]) == """
        # Chosen for 4.5 bits
        #
        # two
        # lines\u{20}
        dtype: int4
        block: 32
        mode: symmetric
        fit: error
        min-elements: 2048
        indivisible: per-channel
        exclude:
          - "*norm*"
        rules:
          - weights:
              - a_to_fp16
              - "b c"
            palette:
              bits: 4
              table:
                [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7,
                 0.8, 0.9]
              group: 16
            sparse: 1.0e-05
          - weights:
              - d
            operations:
              - gather
            palette: 6
          - names:
              - "*x"
            skip: true
            min-elements: 5

        """)
  }

  @Test func writtenSettingsAreReadAgain() throws {
    var everything = Settings(.init(.int8, .perTensor, .asymmetric, fit: .error))
    everything.minElements = 0
    everything.include = ["*", "a?b"]
    everything.exclude = ["- x"]
    everything.refusesIndivisible = true
    everything.importanceFile = folder("i.npz")
    everything.rules =
      Self.treatments.map { .init(names: ["*"], $0) }
      + [.init(weights: Self.oddNames, nil), .init(.sparse(.share(1)), minElements: 0)]
    for settings in Self.treatments.map({ Settings($0) }) + [everything] {
      let path = folder("w.yaml")
      try settings.writeConfiguration(
        to: path, comment: ["a: [", "\u{0}\u{2028}"], overwrite: true)
      var read = Settings()
      try read.apply(configurationFile: path)
      #expect(read == settings, "\(settings.configuration())")
      let text = String(decoding: ScratchFolder.read(path), as: UTF8.self)
      #expect(text == read.configuration(comment: ["a: [", "\u{0}\u{2028}"], for: path))
      #expect(text.utf8.allSatisfy { $0 == 0x0a || $0 >= 0x20 })
    }
    #expect(throws: Diagnostic.self) { try everything.writeConfiguration(to: folder("w.yaml")) }
  }

  private static var treatments: [Settings.Treatment?] {
    let dtypes: [ElementType] = [.int4, .uint4, .int8, .uint8]
    let blocks: [Settings.Granularity] = [.block(1), .block(32), .perChannel, .perTensor]
    var all: [Settings.Treatment?] = [nil]
    for dtype in dtypes {
      for shape in blocks {
        for mode in Settings.Mode.allCases {
          all += Settings.Fit.allCases.map { .linear(.init(dtype, shape, mode, fit: $0)) }
        }
      }
    }
    let palettes = Self.palettes
    all += palettes.map { .palette($0) }
    all += Self.prunings.map { .sparse($0) }
    all += Self.prunings.map { .linear(.init(.int4), pruning: $0) }
    all += Self.prunings.map { .palette(palettes[0], pruning: $0) }
    return all
  }

  private static var palettes: [Settings.Palette] {
    var all = [1, 2, 3, 4, 6, 8].map { Settings.Palette(bits: $0) }
    func add(_ change: (inout Settings.Palette) -> Void) {
      var palette = Settings.Palette(bits: 4)
      change(&palette)
      all.append(palette)
    }
    add { $0.mode = .uniform }
    add { $0.mode = .unique }
    add { $0.mode = .table([.pi, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1e7]) }
    add { $0.groupSize = 16 }
    add {
      $0.groupSize = 8
      $0.groupAxis = .input
      $0.clusterSize = 4
      $0.hasChannelScale = true
      $0.tableType = .int8
    }
    return all
  }

  private static let prunings: [Settings.Pruning] = [
    .share(0), .share(1), .share(1 / 3), .share(.leastNonzeroMagnitude),
    .blocks(share: 0.1 + 0.2, size: 4), .blocks(share: 0.5, size: 2, axis: .input),
    .threshold(0), .threshold(1e300), .threshold(1e-7, minimumShare: 0),
    .pattern(zeros: 0, group: 1), .pattern(zeros: 2, group: 4, axis: .output),
  ]

  private static let oddNames = [
    "plain", "with space", " lead", "trail ", "", "null", "Null", "~", "true", "No", "1", "1.5",
    "-",
    "- a", "a: b", "a:b", "a #b", "#", "*star", "&x", "!x", "%x", "@x", "`x", "'", "\"", "\\",
    "a\\nb",
    "a\nb", "a\tb", "\u{0}", "\u{1b}", "\u{7f}", "\u{85}", "\u{2028}", "\u{feff}", "é", "日本", "🙂",
    "\u{fffe}", "\u{10ffff}", "{a}", "[a]", ",", "?", "|", ">", "=", "<<", "...", "---",
    "a/b.c-d_1",
    "e\u{301}", String(repeating: "long ", count: 1000), String(repeating: "x", count: 3000),
  ]
}
