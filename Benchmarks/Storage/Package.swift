// swift-tools-version: 6.2
import PackageDescription

// Micro-benchmarks of the log engine, in a package of their own so that building the server needs neither their
// dependency nor its plugins. The engine's modules are seen as `package` sees them only inside of one package, so
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

let package = Package(
    name: "livelog-storage-benchmarks",
    dependencies: [
        // Without its traits: counting allocations needs packages that are not fetched.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: [])
    ],
    targets: [
        .target(name: "LogModel", path: "Core/LogModel", swiftSettings: swiftSettings),
        .target(
            name: "LogFormat", dependencies: ["LogModel", "CCRC32C"], path: "Core/LogFormat",
            swiftSettings: swiftSettings),
        .target(
            name: "LogStorage", dependencies: ["LogModel", "LogFormat", "CLZ4", "COpenSSL"],
            path: "Core/LogStorage", swiftSettings: swiftSettings),
        .target(name: "CCRC32C", path: "Core/CCRC32C"),
        .systemLibrary(name: "CLZ4", path: "Core/CLZ4", pkgConfig: "liblz4"),
        .systemLibrary(name: "COpenSSL", path: "Core/COpenSSL", pkgConfig: "libcrypto"),
        .target(
            name: "StorageWorkload", dependencies: ["LogModel"], path: "Workload",
            swiftSettings: swiftSettings),
        // The plugin takes only targets in a folder `Benchmarks`.
        .executableTarget(
            name: "StorageMicro",
            dependencies: [
                "LogModel", "LogFormat", "LogStorage", "CLZ4", "StorageWorkload",
                .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Benchmarks/Micro", swiftSettings: swiftSettings,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
    ]
)
