// SPDX-License-Identifier: Apache-2.0
import CYaml
import Diagnostics

extension YAMLNode {
  /// Reads one document (YAML 1.1 without anchors, aliases and tags).
  ///
  /// Throws `.malformed` with the line for what is not that, for keys that repeat and for values
  /// nested deeper than 32.
  package init(parsing bytes: [UInt8], file: String) throws {
    var parser = yaml_parser_t()
    guard yaml_parser_initialize(&parser) == 1 else {
      throw Diagnostic.error(.internalError, "the YAML parser has no memory")
    }
    defer { yaml_parser_delete(&parser) }
    self = try bytes.withUnsafeBufferPointer { buffer in
      yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
      var reader = EventReader(file: file)
      return try reader.document(&parser)
    }
  }
}

/// Makes nodes of the parser's events.
private struct EventReader {
  let file: String
  private var line = 1
  private static let deepest = 32

  private enum Event {
    case streamStart, streamEnd, documentStart, documentEnd
    case scalar(String, isPlain: Bool)
    case sequenceStart, sequenceEnd, mappingStart, mappingEnd
    case none
  }

  init(file: String) { self.file = file }

  mutating func document(_ parser: inout yaml_parser_t) throws -> YAMLNode {
    guard case .streamStart = try next(&parser) else { throw fails("is no YAML") }
    guard case .documentStart = try next(&parser) else {
      return YAMLNode(.mapping([]), line: 1, file: file)
    }
    let root = try node(try next(&parser), &parser, depth: 0)
    guard case .documentEnd = try next(&parser) else { throw fails("has more than one value") }
    guard case .streamEnd = try next(&parser) else { throw fails("begins a second document") }
    return root
  }

  private mutating func node(
    _ event: Event, _ parser: inout yaml_parser_t, depth: Int
  ) throws -> YAMLNode {
    guard depth < Self.deepest else { throw fails("is nested too deeply") }
    let line = line
    switch event {
    case .scalar(let text, let isPlain):
      return YAMLNode(.scalar(text, isPlain: isPlain), line: line, file: file)
    case .sequenceStart:
      var elements: [YAMLNode] = []
      while true {
        let event = try next(&parser)
        if case .sequenceEnd = event { break }
        elements.append(try node(event, &parser, depth: depth + 1))
      }
      return YAMLNode(.sequence(elements), line: line, file: file)
    case .mappingStart:
      return YAMLNode(.mapping(try members(&parser, depth)), line: line, file: file)
    default: throw fails("has no value")
    }
  }

  private mutating func members(
    _ parser: inout yaml_parser_t, _ depth: Int
  ) throws -> [(key: String, value: YAMLNode)] {
    var members: [(key: String, value: YAMLNode)] = []
    while true {
      let event = try next(&parser)
      if case .mappingEnd = event { return members }
      guard case .scalar(let key, _) = event else { throw fails("has a key that is no text") }
      if members.contains(where: { $0.key == key }) { throw fails("repeats the key '\(key)'") }
      members.append((key, try node(try next(&parser), &parser, depth: depth + 1)))
    }
  }

  /// Takes the next event, and notes its line.
  private mutating func next(_ parser: inout yaml_parser_t) throws -> Event {
    var event = yaml_event_t()
    guard yaml_parser_parse(&parser, &event) == 1 else {
      line = Int(parser.problem_mark.line) + 1
      throw fails(parser.problem.map { String(cString: $0) } ?? "cannot be read")
    }
    defer { yaml_event_delete(&event) }
    line = Int(event.start_mark.line) + 1
    switch event.type {
    case YAML_STREAM_START_EVENT: return .streamStart
    case YAML_STREAM_END_EVENT: return .streamEnd
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_SEQUENCE_START_EVENT:
      try refuse(event.data.sequence_start.anchor, event.data.sequence_start.tag)
      return .sequenceStart
    case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
    case YAML_MAPPING_START_EVENT:
      try refuse(event.data.mapping_start.anchor, event.data.mapping_start.tag)
      return .mappingStart
    case YAML_MAPPING_END_EVENT: return .mappingEnd
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      try refuse(scalar.anchor, scalar.tag)
      let text = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      return .scalar(
        String(decoding: text, as: UTF8.self), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
    case YAML_ALIAS_EVENT:
      throw fails("uses an alias ('*'), which is not read here; quote a pattern")
    default: return .none
    }
  }

  private func refuse(
    _ anchor: UnsafeMutablePointer<UInt8>?, _ tag: UnsafeMutablePointer<UInt8>?
  ) throws {
    if anchor != nil { throw fails("uses an anchor ('&'), which is not read here") }
    if tag != nil { throw fails("uses a tag ('!'), which is not read here") }
  }

  private func fails(_ message: String) -> Diagnostic {
    .error(.malformed, at: Location(file: file), "line \(line): \(message)")
  }
}
