// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import TestSupport
import Testing

/// The archive of `Fixtures/torch/mlp.pt2`, entry by entry, for spoiling one thing in it.
struct Archive {
  var zip: StoredZip
  var bytes: [UInt8] { zip.bytes }

  static let whole: Archive = {
    guard let model = try? RecordedModel("torch", "mlp"),
      let archive = try? ZipArchive(path: model.path)
    else { return Archive(zip: StoredZip([])) }
    return Archive(
      zip: StoredZip(
        archive.entries.compactMap { entry in
          (try? archive.read(entry.name, limit: 1 << 24)).map { .init(entry.name, $0) }
        }))
  }()

  static func named(_ name: String, _ text: String) -> Archive {
    Archive(zip: StoredZip([.init(name, Array(text.utf8))]))
  }

  private func changing(_ name: String, _ body: (inout StoredZip.Entry) -> Void) -> Archive {
    var copy = self
    for index in copy.zip.entries.indices where copy.zip.entries[index].name == "mlp/" + name {
      body(&copy.zip.entries[index])
    }
    return copy
  }

  func without(_ name: String) -> Archive {
    var copy = self
    copy.zip.entries.removeAll { $0.name == "mlp/" + name }
    return copy
  }

  func adding(_ name: String, _ text: String) -> Archive { addingEntry("mlp/" + name, text) }

  func addingEntry(_ name: String, _ text: String) -> Archive {
    var copy = self
    copy.zip.entries.append(.init(name, Array(text.utf8)))
    return copy
  }

  func replacing(_ name: String, _ text: String) -> Archive {
    changing(name) { $0.content = Array(text.utf8) }
  }

  func cutting(_ name: String, to length: Int) -> Archive {
    changing(name) { $0.content = Array($0.content.prefix(length)) }
  }

  func corrupting(_ name: String, crc: UInt32? = nil, size: UInt32? = nil) -> Archive {
    changing(name) {
      $0.crc = crc
      $0.size = size
    }
  }

  func text(_ name: String) -> String {
    let entry = zip.entries.first { $0.name == "mlp/" + name }
    return String(decoding: entry?.content ?? [], as: UTF8.self)
  }

  /// The entries alone, without the directory that lists them.
  var withoutDirectory: [UInt8] {
    let listed = zip.entries.reduce(22) { $0 + 46 + $1.name.utf8.count }
    return Array(bytes.dropLast(listed))
  }
}

/// A file with one defect, and what is said of it.
struct Defect: CustomTestStringConvertible, Sendable {
  enum Document: String, Sendable {
    case model = "models/model.json"
    case weights = "data/weights/model_weights_config.json"
  }

  let name: String
  let code: Diagnostic.Code
  let message: String
  let bytes: @Sendable () throws -> [UInt8]
  var testDescription: String { name }

  init(
    _ name: String, _ code: Diagnostic.Code, _ message: String,
    _ bytes: @escaping @Sendable () throws -> [UInt8]
  ) {
    self.name = name
    self.code = code
    self.message = message
    self.bytes = bytes
  }

  /// One text of a document in place of another.
  init(
    _ name: String, _ code: Diagnostic.Code, _ message: String, _ document: Document,
    replacing old: String, by new: String
  ) {
    self.init(name, code, message) {
      let text = Archive.whole.text(document.rawValue)
      guard let range = text.firstRange(of: old) else {
        throw Diagnostic.error(.usage, "the fixture has no '\(old)'")
      }
      return Archive.whole.replacing(
        document.rawValue, text.replacingCharacters(in: range, with: new)
      ).bytes
    }
  }
}

extension String {
  fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
    self[..<range.lowerBound] + text + self[range.upperBound...]
  }
}
