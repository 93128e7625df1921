// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors
import Testing

@testable import ReferenceExecutor

@Suite struct KernelTests {
  @Test(arguments: RecordedCase.families)
  func agreesWithTheRecordedResults(_ family: String) throws {
    let cases = try RecordedCase.load(family)
    #expect(!cases.isEmpty)
    for problem in cases { try check(problem, LibraryDense()) }
  }

  @Test(arguments: ["linear", "convolutions", "recurrent"])
  func plainLoopsAgreeToo(_ family: String) throws {
    for problem in try RecordedCase.load(family) { try check(problem, PlainDense()) }
  }

  private func check(_ problem: RecordedCase, _ dense: any DenseBackend) throws {
    let found: [Tensor]
    do {
      found = try Evaluator.evaluate(
        problem.operation, opset: problem.opset, operands: problem.operands, dense: dense)
    } catch {
      Issue.record("\(problem): \(error)")
      return
    }
    guard found.count == problem.results.count else {
      Issue.record("\(problem): \(found.count) results")
      return
    }
    for (a, b) in zip(found, problem.results) {
      let text = difference(a, b, ulps: problem.ulps, tolerance: problem.tolerance)
      #expect(text == nil, "\(problem)")
    }
  }
}
