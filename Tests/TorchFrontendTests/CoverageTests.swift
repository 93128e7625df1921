// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing
import TorchFrontend

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// `docs/pytorch-coverage.md` lists what `ATenLowering.all` has.
///
/// Where the page is missing the test writes it and fails, so that it is looked at and committed.
@Suite struct CoverageTests {
  private static let path: String = {
    var folder = #filePath[...]
    while !folder.isEmpty, !folder.hasSuffix("/Tests/") { folder = folder.dropLast() }
    return folder.dropLast("Tests/".count) + "docs/pytorch-coverage.md"
  }()

  private static func page() -> String {
    var overloads: [String: [String]] = [:]
    for target in ATenLowering.table.keys {
      let parts = target.split(separator: ".", maxSplits: 2)
      guard parts.count == 3 else { continue }
      overloads[String(parts[1]), default: []].append(String(parts[2]))
    }
    let rows = overloads.sorted { $0.key < $1.key }.map { name, list in
      "| `\(name)` | \(list.sorted().map { "`\($0)`" }.joined(separator: ", ")) |"
    }
    let complex = ComplexLowering.targets.map { "`\($0.dropFirst("aten.".count))`" }
      .sorted().joined(separator: ", ")
    return """
      # Operators of PyTorch

      Overloads of `aten` operators that `convert` lowers, \(overloads.count) operators in all. An in-place
      operator (`add_`) is lowered as the one without the underscore and a write, a copying view
      (`select_copy`) as the view. `torch.cond` and regions under `no_grad` or `autocast` are lowered too,
      arithmetic on sizes is evaluated. Anything else is an error that names the operator, never a guess.

      Complex tensors, which Core ML lacks, are floats with a last axis of real and imaginary part. These
      overloads take or give them: \(complex).

      Generated from the list of lowerings: delete this page and run `swift test --filter CoverageTests`.

      | operator | overloads |
      |---|---|

      """ + rows.joined(separator: "\n") + "\n"
  }

  @Test func pageIsCurrent() {
    let page = Self.page()
    if !ScratchFolder.exists(Self.path), let file = fopen(Self.path, "w") {
      fputs(page, file)
      fclose(file)
      Issue.record("docs/pytorch-coverage.md was missing and has been written")
    }
    let written = String(decoding: ScratchFolder.read(Self.path), as: UTF8.self)
    #expect(written == page, "docs/pytorch-coverage.md is stale: see its third paragraph")
  }

  /// No overload is claimed by two lowerings, of which one would never be used.
  @Test func overloadsAreUnique() {
    var seen: Set<String> = []
    let repeated = ATenLowering.all.flatMap(\.targets).filter { !seen.insert($0).inserted }
    #expect(repeated == [])
  }
}
