// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors
import Testing

@Suite struct DTypeNameTests {
  @Test(arguments: DType.allCases) func roundTrip(_ dtype: DType) {
    guard let name = dtype.milName else { return }
    #expect(DType(milName: name) == dtype)
  }

  @Test(arguments: [
    (DType.float16, "fp16"), (.float32, "fp32"), (.int32, "int32"), (.bool, "bool"),
    (.uint16, "uint16"),
  ])
  func spelling(_ dtype: DType, _ name: String) {
    #expect(dtype.milName == name)
  }

  @Test func unknownNames() {
    #expect(DType(milName: "float16") == nil)
    #expect(DType(milName: "") == nil)
  }
}
