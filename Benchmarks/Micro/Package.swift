// swift-tools-version: 6.2
import PackageDescription

// Micro-benchmarks of the hot paths, in a package of their own so that building the server needs neither their
// dependency nor its plugins. The server's modules are seen as `package` sees them only inside of one package, so
// `Core` links to their folders and they are compiled here once more.

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

/// A module of the server, or of its benchmarks.
func core(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Core/\(name)", swiftSettings: swiftSettings)
}

let package = Package(
    name: "livelog-micro-benchmarks",
    dependencies: [
        // Without its traits: counting allocations needs packages that are not fetched.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: [])
    ],
    targets: [
        core("LogModel"),
        core("LogFormat", ["LogModel", "CCRC32C"]),
        core("Matching", ["LogModel", "LogFormat", "CPrefetch"]),
        core("WireProtocol", ["LogModel", "LogFormat", "CJSON"]),
        core("Access", ["LogModel"]),
        core("Sessions", ["LogModel", "LogFormat", "Matching", "Access", "WireProtocol"]),
        core("LogStorage", ["LogModel", "LogFormat", "CLZ4", "COpenSSL", "CPrefetch"]),
        core("StorageWorkload", ["LogModel"]),
        .target(name: "CCRC32C", path: "Core/CCRC32C"),
        .target(name: "CPrefetch", path: "Core/CPrefetch"),
        .target(name: "CJSON", path: "Core/CJSON", linkerSettings: [.linkedLibrary("simdjson")]),
        .systemLibrary(name: "CLZ4", path: "Core/CLZ4", pkgConfig: "liblz4"),
        .systemLibrary(name: "COpenSSL", path: "Core/COpenSSL", pkgConfig: "libcrypto"),
        // The plugin takes only targets in a folder `Benchmarks`.
        .executableTarget(
            name: "HotPaths",
            dependencies: [
                "LogModel", "LogFormat", "LogStorage", "Matching", "Sessions", "WireProtocol",
                "CLZ4",
                "StorageWorkload", .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Benchmarks/HotPaths", swiftSettings: swiftSettings,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
    ],
    cxxLanguageStandard: .cxx17
)
