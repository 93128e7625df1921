// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let swift: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
]
let c: [CSetting] = [.unsafeFlags(["-O3", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off"])]

// Tests are tables: to optimize them costs minutes and saves nothing.
let testing: [SwiftSetting] = swift + [.unsafeFlags(["-Onone"])]

func module(
  _ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil
) -> Target {
  .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: swift)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: [.byName(name: name), "TestSupport"] + dependencies,
    swiftSettings: testing)
}

let package = Package(
  name: "modelpack",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "modelpack", targets: ["modelpack"]),
    .library(name: "ModelPackKit", targets: ["ModelPackKit"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
  ],
  targets: [
    // System libraries: a module map and a shim each.
    .systemLibrary(
      name: "CProtobufC", pkgConfig: "libprotobuf-c",
      providers: [.apt(["libprotobuf-c-dev"]), .brew(["protobuf-c"])]),
    .systemLibrary(
      name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"]), .brew(["libzip"])]),
    .systemLibrary(
      name: "CJSON", pkgConfig: "json-c", providers: [.apt(["libjson-c-dev"]), .brew(["json-c"])]),
    .systemLibrary(
      name: "CYaml", pkgConfig: "yaml-0.1",
      providers: [.apt(["libyaml-dev"]), .brew(["libyaml"])]),
    .systemLibrary(name: "CDNNL", providers: [.apt(["libdnnl-dev"])]),

    // Generated from Schemas/*.proto by scripts/generate-schemas; never edited by hand.
    .target(name: "CSchemas", dependencies: ["CProtobufC"]),
    .target(
      name: "CKernels",
      dependencies: [.target(name: "CDNNL", condition: .when(platforms: [.linux]))], cSettings: c,
      linkerSettings: [
        .linkedLibrary("dnnl", .when(platforms: [.linux])),
        .linkedFramework("Accelerate", .when(platforms: [.macOS])),
      ]),

    module("Diagnostics"),
    module("Containers", ["Diagnostics", "CProtobufC", "CZip", "CJSON", "CYaml", "CSchemas"]),
    module("Tensors", ["Diagnostics", "Containers", "CKernels"]),
    module("MIL", ["Diagnostics", "Tensors"]),
    module("TorchFrontend", ["Diagnostics", "Containers", "Tensors", "MIL"]),
    module("ONNXFrontend", ["Diagnostics", "Containers", "Tensors", "MIL"]),
    module("Passes", ["Diagnostics", "Tensors", "MIL"]),
    module("Compression", ["Diagnostics", "Tensors", "MIL", "CKernels"]),
    module("CoreMLPackage", ["Diagnostics", "Containers", "Tensors", "MIL", "CKernels"]),
    module("ReferenceExecutor", ["Diagnostics", "Tensors", "MIL", "CKernels"]),
    module(
      "ModelPackKit",
      [
        "Diagnostics", "Containers", "Tensors", "MIL", "TorchFrontend", "ONNXFrontend", "Passes",
        "Compression", "CoreMLPackage", "ReferenceExecutor",
      ]),
    .executableTarget(
      name: "modelpack",
      dependencies: [
        "Containers", "Diagnostics", "ModelPackKit",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: swift),

    .target(
      name: "TestSupport",
      dependencies: ["Diagnostics", "Tensors", "MIL", "ReferenceExecutor", "ModelPackKit"],
      path: "Tests/TestSupport", swiftSettings: testing),
    tests("Diagnostics"),
    tests("Containers"),
    tests("Tensors", ["CKernels"]),
    tests("MIL"),
    tests("TorchFrontend", ["ReferenceExecutor"]),
    tests("ONNXFrontend", ["ReferenceExecutor", "Containers"]),
    tests("Passes"),
    tests("Compression", ["CKernels"]),
    tests("CoreMLPackage", ["Containers", "ModelPackKit"]),
    tests("ReferenceExecutor", ["Compression"]),
    tests("ModelPackKit", ["CoreMLPackage", "Diagnostics", "ReferenceExecutor"]),
    .testTarget(
      name: "CommandLineTests",
      dependencies: [
        "Containers", "Diagnostics", "ModelPackKit", "TestSupport", "modelpack",
      ],
      swiftSettings: testing),
  ],
  cLanguageStandard: .c11
)
