// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics

/// Gathers the problems of a configuration file while it is read.
final class ConfigurationReader {
  /// What paths in the file are relative to: empty, or ends with a slash.
  let folder: String
  private var problems: [(line: Int, problem: Diagnostic)] = []

  init(folder: String) { self.folder = folder }

  var problemCount: Int { problems.count }

  /// `file` as it is reached from here.
  func path(_ file: String) -> String { file.hasPrefix("/") ? file : folder + file }

  func report(_ node: YAMLNode, _ message: String, fix: String? = nil) {
    problems.append((node.line, node.fails(message, fix: fix)))
  }

  /// Runs `body`; what it throws is kept, with the line of `node` unless it has a place of its own,
  /// and nil returned.
  func catching<T>(_ node: YAMLNode, _ body: () throws -> T) -> T? {
    do {
      return try body()
    } catch let problem as Diagnostic where problem.location == nil {
      report(node, problem.message, fix: problem.remedy)
    } catch var problem as Diagnostic {
      if problem.location?.file != node.file {
        problem.notes.append("named in line \(node.line) of \(node.file)")
      }
      problems.append((node.line, problem))
    } catch {
      report(node, "\(error)")
    }
    return nil
  }

  /// Throws all problems in the order of their lines.
  func throwIfProblems() throws {
    if problems.isEmpty { return }
    let order = problems.indices.sorted { (problems[$0].line, $0) < (problems[$1].line, $1) }
    throw DiagnosticList(order.map { problems[$0].problem })
  }
}
