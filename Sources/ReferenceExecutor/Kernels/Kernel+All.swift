// SPDX-License-Identifier: Apache-2.0

extension Kernel {
  /// Every kernel, sorted by name within its family. Control flow and states are the executor's own.
  package static let all: [Kernel] = []

  /// Operations that the executor runs itself.
  package static let builtIn: Set<String> = [
    "const", "cond", "while_loop", "read_state", "write_state", "coreml_update_state",
  ]
}
