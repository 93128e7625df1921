// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// Every operation, sorted by name within its family.
  static let all: [OpSpec] = elementwiseUnary + [softmax]
}
