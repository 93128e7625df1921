// SPDX-License-Identifier: Apache-2.0
import TestSupport

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The built `modelpack`, run as a user would.
struct Tool {
  let folder = ScratchFolder()

  struct Result {
    var code: Int32
    var output: String
    var errors: String
  }

  /// The binary lies beside the test bundle.
  static let path: String = {
    var candidates = CommandLine.arguments
    #if os(Linux)
      if let path = realpath("/proc/self/exe", nil) {
        candidates.insert(String(cString: path), at: 0)
        free(path)
      }
    #endif
    for candidate in candidates {
      var folder = candidate[...]
      while let slash = folder.lastIndex(of: "/") {
        folder = folder[..<slash]
        if access(folder + "/modelpack", X_OK) == 0, !folder.hasSuffix("Sources") {
          return folder + "/modelpack"
        }
      }
    }
    return "modelpack"
  }()

  /// Runs the tool in `folder` with its output in files there.
  @discardableResult
  func callAsFunction(_ arguments: String...) -> Result { run(arguments) }

  func run(_ arguments: [String]) -> Result {
    var process: pid_t = 0
    let streams = (folder("stdout"), folder("stderr"))
    let code = spawn(arguments, streams, &process)
    guard code == 0 else { return Result(code: -1, output: "", errors: "cannot run: \(code)") }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    return finished(streams, status)
  }

  /// Starts the tool and sends it SIGINT once `isReady` says so.
  func interrupted(_ arguments: [String], when isReady: () -> Bool) -> Result {
    var process: pid_t = 0
    let streams = (folder("stdout"), folder("stderr"))
    guard spawn(arguments, streams, &process) == 0 else {
      return Result(code: -1, output: "", errors: "cannot run")
    }
    var status: Int32 = 0
    while !isReady() {
      if waitpid(process, &status, WNOHANG) == process { return finished(streams, status) }
      usleep(200)
    }
    kill(process, SIGINT)
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    return finished(streams, status)
  }

  private func finished(_ streams: (String, String), _ status: Int32) -> Result {
    let texts = [streams.0, streams.1].map { path in
      let text = String(decoding: ScratchFolder.read(path), as: UTF8.self)
      unlink(path)
      return text
    }
    let code = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + (status & 0x7f)
    return Result(code: code, output: texts[0], errors: texts[1])
  }

  private func spawn(
    _ arguments: [String], _ streams: (String, String), _ process: inout pid_t
  ) -> Int32 {
    #if canImport(Glibc)
      var actions = posix_spawn_file_actions_t()
    #else
      var actions: posix_spawn_file_actions_t?
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let flags = O_WRONLY | O_CREAT | O_TRUNC
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, streams.0, flags, 0o644)
    posix_spawn_file_actions_addopen(&actions, 2, streams.1, flags, 0o644)
    // The shell changes to the folder and becomes the tool.
    let words = ["sh", "-c", "cd \"$0\" && exec \"$@\"", folder.path, Self.path] + arguments
    // The width of help must not depend on the terminal.
    var settings = ["COLUMNS=80", "PATH=/usr/bin:/bin"]
    for name in ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"] {
      if let value = getenv(name) { settings.append("\(name)=\(String(cString: value))") }
    }
    var vector: [UnsafeMutablePointer<CChar>?] = words.map { (word: String) in strdup(word) }
    vector.append(nil)
    defer { for pointer in vector { free(pointer) } }
    var environment: [UnsafeMutablePointer<CChar>?] = settings.map { (word: String) in
      strdup(word)
    }
    environment.append(nil)
    defer { for pointer in environment { free(pointer) } }
    return posix_spawn(&process, "/bin/sh", &actions, nil, &vector, &environment)
  }

  /// Converts a fixture and returns the name of the package in the folder.
  @discardableResult
  func convert(_ fixture: String, _ options: String...) -> String {
    let result = run(["convert", Fixture.path(fixture), "-o", "model.mlpackage"] + options)
    return result.code == 0 ? "model.mlpackage" : "conversion failed: \(result.errors)"
  }
}
