// SPDX-License-Identifier: Apache-2.0
package import Diagnostics
package import MIL
package import Tensors

/// A step of the pipeline: a rewriting of one function that keeps its meaning.
package protocol Pass {
  /// Kebab case; what `--verbose` and errors call it.
  static var id: String { get }
  /// Rewrites `function` in place.
  func run(on function: inout Function, _ context: inout PassContext) throws
}

/// What passes share: the catalogue, a way to evaluate operations, and where warnings go.
package struct PassContext {
  package var catalogue: Catalogue
  /// Evaluates one operation over constants; `nil` when nothing can.
  package var evaluate: Evaluator?
  package var diagnostics = DiagnosticCollector()

  package typealias Evaluator = (Function, Operation) throws -> [TensorData]?

  package init(catalogue: Catalogue = .standard, evaluate: Evaluator? = nil) {
    self.catalogue = catalogue
    self.evaluate = evaluate
  }
}

/// Runs passes in order over every function, and says which one failed.
package struct PassPipeline {
  package var passes: [any Pass]

  package init(_ passes: [any Pass]) {
    self.passes = passes
  }

  package func run(on program: inout Program, _ context: inout PassContext) throws {
    for index in program.functions.indices {
      for pass in passes {
        do {
          try pass.run(on: &program.functions[index], &context)
        } catch var fault as Diagnostic {
          fault.notes.append("in pass '\(type(of: pass).id)'")
          throw fault
        }
      }
    }
  }
}
