// swift-tools-version: 6.2
import PackageDescription

// The part of the package that `log-simulation` needs, for `tools/planted-bugs`: without dependencies to fetch,
// and without warnings as errors, because a bug may leave something unused.
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
    targets: [
        .target(name: "LogModel", swiftSettings: settings),
        .target(name: "LogFormat", dependencies: ["LogModel", "CCRC32C"], swiftSettings: settings),
        .target(
            name: "LogStorage",
            dependencies: ["LogModel", "LogFormat", "CLZ4", "COpenSSL", "CPrefetch"],
            swiftSettings: settings),
        .target(name: "CCRC32C"),
        .target(name: "CPrefetch"),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto"),
        .target(
            name: "TestSupport", dependencies: ["LogModel", "LogFormat", "LogStorage"],
            path: "Tests/TestSupport", swiftSettings: settings),
        .target(
            name: "LogSimulation",
            dependencies: ["LogModel", "LogFormat", "LogStorage", "TestSupport"],
            path: "Tests/LogSimulation", swiftSettings: settings),
        .executableTarget(
            name: "log-simulation", dependencies: ["LogSimulation"],
            path: "Tests/LogSimulationRunner", swiftSettings: settings),
    ],
    cxxLanguageStandard: .cxx17
)
