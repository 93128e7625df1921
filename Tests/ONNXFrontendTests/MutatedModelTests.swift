// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import ONNXFrontend
import TestSupport
import Testing

/// Models with a few bytes changed are converted or refused.
@Suite struct MutatedModelTests {
  @Test(
    .timeLimit(.minutes(2)),
    arguments: [("mlp-opset13", 300), ("branches", 500), ("shapes", 200)]
  )
  func isReadOrRefused(_ name: String, _ count: Int) {
    let folder = ScratchFolder()
    let bytes = ScratchFolder.read(Fixture.path("onnx/\(name).onnx"))
    var oddities: [String] = []
    let result = Mutations(of: bytes, cuts: true).forEach(count) { variant in
      let path = folder.file("x.onnx", variant)
      return Mutations.succeeds(&oddities) {
        _ = try ONNXModel(path: path).lower(opset: .iOS18)
      }
    }
    // A shape that the operators do not give may as well be a defect of a lowering.
    #expect(oddities.filter { !$0.contains(": lowered to ") } == [])
    #expect(result.read > 0 && result.refused > count / 20)
  }
}
