// swift-tools-version: 6.2
import PackageDescription

// Fuzz targets, in a package of their own because everything in it is built with the fuzzer's counters and with
// AddressSanitizer. The server's modules are seen as `package` sees them only inside of one package, so `Core` links
// to their folders and they are compiled here once more. `tools/fuzz` builds and runs it (docs/fuzzing.md).

/// As in the manifest of the server.
let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .enableExperimentalFeature("Lifetimes"),
]

/// A module of the server, or of its tests.
func core(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Core/\(name)", swiftSettings: swiftSettings)
}

let package = Package(
    name: "livelog-fuzzing",
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        core("LogModel"),
        core("LogFormat", ["LogModel", "CCRC32C"]),
        core("Matching", ["LogModel", "LogFormat", "CPrefetch"]),
        core("Access", ["LogModel"]),
        core("WireProtocol", ["LogModel", "LogFormat", "CJSON"]),
        core("Sessions", ["LogModel", "LogFormat", "Matching", "Access", "WireProtocol"]),
        // Of these two only what needs no other library.
        core("Identity", ["LogModel", "Access", "WireProtocol", "COpenSSL"]),
        core("Transport", ["WireProtocol", .product(name: "NIOCore", package: "swift-nio")]),
        core(
            "Settings",
            ["LogModel", "Access", "Identity", .product(name: "Yams", package: "Yams")]),
        core("LogStorage", ["LogModel", "LogFormat", "CLZ4", "COpenSSL", "CPrefetch"]),
        core("TestSupport", ["LogModel", "LogFormat", "LogStorage"]),
        core("LogSimulation", ["LogModel", "LogFormat", "LogStorage", "TestSupport"]),
        .target(name: "CCRC32C", path: "Core/CCRC32C"),
        .target(name: "CPrefetch", path: "Core/CPrefetch"),
        .target(name: "CJSON", path: "Core/CJSON", linkerSettings: [.linkedLibrary("simdjson")]),
        .systemLibrary(name: "CLZ4", path: "Core/CLZ4", pkgConfig: "liblz4"),
        .systemLibrary(name: "COpenSSL", path: "Core/COpenSSL", pkgConfig: "libcrypto"),
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "LogModel", "LogFormat", "LogStorage", "Matching", "Access", "WireProtocol",
                "Sessions", "Identity", "Transport", "Settings", "TestSupport", "LogSimulation",
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Targets", swiftSettings: swiftSettings),
    ],
    cxxLanguageStandard: .cxx17
)
