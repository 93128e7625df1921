// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import TestSupport
import Testing
import TorchFrontend

/// What is said of programs that are sound but cannot be converted.
@Suite struct MessageTests {
  private func problems(_ program: TorchProgram, _ opset: Opset = .iOS18) -> [Diagnostic] {
    do {
      _ = try program.lower(TorchOptions(opset: opset))
      return []
    } catch let list as DiagnosticList {
      return list.diagnostics
    } catch let error as Diagnostic {
      return [error]
    } catch {
      return []
    }
  }

  /// Operator, node, module path and line of Python, and what to do; what depends on an unsupported
  /// node is not reported again.
  @Test func allProblemsAreReportedTogether() throws {
    var program = try RecordedModel("torch", "mlp").program()
    program.graph.nodes[0].target = "aten.first_unknown.default"
    program.graph.nodes[0].location.operation = "aten.first_unknown.default"
    let found = problems(program)
    #expect(found.map(\.message) == ["'aten.first_unknown.default' is not supported"])
    #expect(found.first?.code == .unsupportedOperation)
    #expect(
      found.first?.remedy == "write it with supported operators, or ask for it to be added")
    let place = found.first?.location
    #expect(place?.node == "linear")
    #expect(place?.module == "0")
    #expect(place?.sourceLine == "linear.py:134")
    #expect(place?.file?.hasSuffix("mlp.pt2") == true)
  }

  @Test func independentProblemsAreEachReported() throws {
    var program = try RecordedModel("torch", "resnet").program()
    let wrong = program.graph.nodes.indices.filter {
      program.graph.nodes[$0].target.hasPrefix("aten.conv2d")
    }
    #expect(wrong.count >= 2)
    // Both read inputs only, so neither hides the other.
    for index in wrong {
      program.graph.nodes[index].target = "aten.frobnicate.default"
      if case .tensor(let name)? = program.graph.inputs.last {
        program.graph.nodes[index].inputs[0].argument = .tensor(name)
      }
    }
    #expect(
      problems(program).map(\.message)
        == wrong.map { _ in "'aten.frobnicate.default' is not supported" })
  }

  @Test func argumentsThatAreNotSupportedAreNamed() throws {
    var program = try RecordedModel("torch", "mlp").program()
    let index = try #require(
      program.graph.nodes.firstIndex { $0.target == "aten.softmax.int" })
    program.graph.nodes[index].inputs[1].argument = .string("last")
    #expect(problems(program).map(\.message) == ["argument 'dim' is not an integer"])
    program.graph.nodes[index].inputs[1].argument = .int(7)
    #expect(
      problems(program).map(\.message) == ["argument 'dim' is 7 for a tensor of rank 2"])
    program.graph.nodes[index].inputs.remove(at: 1)
    #expect(problems(program).map(\.message) == ["argument 'dim' is missing"])
    program.graph.nodes[index].inputs[0].argument = .unknown("as_custom_obj")
    #expect(
      problems(program).map(\.message)
        == ["an argument of kind 'as_custom_obj' is not supported"])
  }

  @Test func inputsOfOtherKinds() throws {
    var program = try RecordedModel("torch", "mlp").program()
    program.inputs.append(.unsupported(kind: "token"))
    #expect(problems(program).map(\.message) == ["an input of kind 'token' is not supported"])
  }

  /// A write to one of two buffers would have to show in the other.
  @Test func buffersThatShareMemoryAreRefused() throws {
    var program = try RecordedModel("torch", "state-two-buffers").program()
    let older = try #require(program.weights["older"])
    program.weights["newer"] = older.sliced(starts: [3], shape: [4], steps: [-1])
    #expect(
      problems(program).map(\.message)
        == ["'older', which the model changes, shares memory with 'newer'"])
  }

  @Test func trainingModeIsRefused() throws {
    var program = try RecordedModel("torch", "mlp").program()
    let node = try #require(program.graph.nodes.firstIndex { $0.target == "aten.relu.default" })
    program.graph.nodes[node].target = "aten.dropout.default"
    program.graph.nodes[node].inputs[0].name = "input"
    program.graph.nodes[node].inputs += [("p", .float(0.5)), ("train", .bool(true))]
    #expect(problems(program).map(\.message) == ["argument 'train' must be false"])
  }
}
