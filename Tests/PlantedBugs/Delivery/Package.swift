// swift-tools-version: 6.2
import PackageDescription

// The part of the package that the tests of delivery need, for `tools/planted-bugs`: it fetches nothing, and
// warnings are no errors, because a bug may leave something unused.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .enableExperimentalFeature("Lifetimes"),
]

let package = Package(
    // The same name, so that the same things are visible within the package.
    name: "livelog",
    // What the whole package has fetched already.
    dependencies: [.package(path: "../../checkouts/swift-log")],
    targets: [
        .target(name: "LogModel", swiftSettings: settings),
        .target(name: "LogFormat", dependencies: ["LogModel", "CCRC32C"], swiftSettings: settings),
        .target(
            name: "Matching", dependencies: ["LogModel", "LogFormat", "CPrefetch"],
            swiftSettings: settings),
        .target(
            name: "WireProtocol", dependencies: ["LogModel", "LogFormat", "CJSON"],
            swiftSettings: settings),
        .target(
            name: "Sessions",
            dependencies: ["LogModel", "LogFormat", "Matching", "Access", "WireProtocol"],
            swiftSettings: settings),
        .target(name: "Access", dependencies: ["LogModel"], swiftSettings: settings),
        .target(
            name: "LogStorage",
            dependencies: ["LogModel", "LogFormat", "CLZ4", "COpenSSL", "CPrefetch"],
            swiftSettings: settings),
        .target(
            name: "Replication",
            dependencies: [
                "LogModel", "LogFormat", "LogStorage", "Matching", "Access", "Sessions",
                "WireProtocol", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        .target(
            name: "Debugging",
            dependencies: [
                "LogModel", "LogFormat", "LogStorage", "Matching", "Access", "Sessions",
                "WireProtocol", "Replication",
            ],
            swiftSettings: settings),
        .target(name: "CCRC32C"),
        .target(name: "CPrefetch"),
        .target(name: "CJSON", linkerSettings: [.linkedLibrary("simdjson")]),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto"),
        .target(
            name: "TestSupport", dependencies: ["LogModel", "LogFormat", "LogStorage"],
            path: "Tests/TestSupport", swiftSettings: settings),
        .testTarget(
            name: "MatchingTests",
            dependencies: ["LogModel", "LogFormat", "Matching", "TestSupport"],
            path: "Tests/MatchingTests", swiftSettings: settings),
        .testTarget(
            name: "ReplicationTests",
            dependencies: [
                "LogModel", "LogFormat", "LogStorage", "Matching", "Access", "Replication",
                "Sessions", "Debugging",
                "WireProtocol", "TestSupport", .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/ReplicationTests", swiftSettings: settings),
        .testTarget(
            name: "DebuggingTests",
            dependencies: [
                "LogModel", "LogFormat", "LogStorage", "Matching", "Access", "Sessions",
                "WireProtocol", "Replication", "Debugging", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/DebuggingTests", swiftSettings: settings),
    ],
    cxxLanguageStandard: .cxx17
)
