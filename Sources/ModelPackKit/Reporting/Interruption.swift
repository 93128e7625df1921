// SPDX-License-Identifier: Apache-2.0
import Containers

extension ModelPack {
  /// From now on SIGINT and SIGTERM remove outputs in flight, run `last` and end the process.
  public static func removeOutputOnSignal(_ last: @escaping @Sendable () -> Void = {}) {
    Interruption.removeOutputOnSignal(last)
  }
}
