// swift-tools-version: 6.2
import PackageDescription

/// The rules for every Swift target: Swift 6 mode comes with the tools version.
let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .treatAllWarnings(as: .error),
]

/// For the targets that lend or take borrowed bytes.
let borrowingSettings = swiftSettings + [.enableExperimentalFeature("Lifetimes")]

let package = Package(
    name: "livelog",
    products: [
        .executable(name: "livelog", targets: ["livelog"]),
        .library(name: "LivelogClient", targets: ["LivelogClient"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        // The pure core: values, formats and rules. No input or output.
        .target(name: "LogModel", swiftSettings: swiftSettings),
        .target(
            name: "LogFormat", dependencies: ["LogModel", "CCRC32C"],
            swiftSettings: borrowingSettings),
        .target(
            name: "Matching", dependencies: ["LogModel", "LogFormat", "CPrefetch"],
            swiftSettings: borrowingSettings),
        .target(name: "Access", dependencies: ["LogModel"], swiftSettings: swiftSettings),
        .target(
            name: "WireProtocol", dependencies: ["LogModel", "LogFormat", "CJSON"],
            swiftSettings: borrowingSettings),
        .target(
            name: "Sessions",
            dependencies: ["LogModel", "LogFormat", "Matching", "Access", "WireProtocol"],
            swiftSettings: borrowingSettings),

        // The shell: files, threads and sockets.
        .target(
            name: "Identity",
            dependencies: [
                "LogModel", "Access", "WireProtocol", "COpenSSL",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "Settings",
            dependencies: [
                "LogModel", "Access", "Identity", .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "LogStorage",
            dependencies: ["LogModel", "LogFormat", "CLZ4", "COpenSSL", "CPrefetch"],
            swiftSettings: borrowingSettings),
        .target(
            name: "Replication",
            dependencies: [
                "LogModel", "LogFormat", "LogStorage", "Matching", "Access", "Sessions",
                "WireProtocol",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: borrowingSettings),
        .target(
            name: "Debugging",
            dependencies: [
                "LogModel", "LogFormat", "LogStorage", "Matching", "Access", "Sessions",
                "WireProtocol", "Replication",
            ],
            swiftSettings: borrowingSettings),
        .target(
            name: "Transport",
            dependencies: [
                "LogModel", "LogStorage", "WireProtocol", "Access", "Sessions", "Replication",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            // For Node, which tests the module: that it is one.
            exclude: ["Assets/package.json"],
            resources: [.embedInCode("Assets/livelog.js")],
            swiftSettings: borrowingSettings),
        .target(
            name: "LivelogClient",
            dependencies: [
                "LogModel", "WireProtocol", "COpenSSL",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "livelog",
            dependencies: [
                "LogModel", "LogFormat", "LogStorage", "WireProtocol", "Sessions", "Replication",
                "Transport", "Access", "Identity", "Settings", "Debugging", "LivelogClient",
                "LoadTest", "CBusError", "CCoreDump", "CMalloc",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: borrowingSettings),

        // C: hardware instructions and libraries of the system.
        .target(name: "CCRC32C"),
        .target(name: "CPrefetch"),
        .target(name: "CBusError"),
        .target(name: "CCoreDump"),
        .target(name: "CJSON", linkerSettings: [.linkedLibrary("simdjson")]),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

        // The load generator of `livelog bench`.
        .target(
            name: "LoadTest",
            dependencies: [
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Benchmarks/LoadTest", swiftSettings: swiftSettings),

        // Benchmarks of storage, in the same build; the micro-benchmarks are a package of their own.
        .target(
            name: "StorageWorkload", dependencies: ["LogModel"],
            path: "Benchmarks/Storage/Workload",
            swiftSettings: borrowingSettings),
        .executableTarget(
            name: "storage-bench",
            dependencies: ["LogModel", "LogFormat", "LogStorage", "StorageWorkload"],
            path: "Benchmarks/Storage/Scenarios", swiftSettings: borrowingSettings),

        .executableTarget(
            name: "matching-bench", dependencies: ["LogModel", "LogFormat", "Matching"],
            path: "Benchmarks/Matching", swiftSettings: borrowingSettings),

        // Tests of the core and of storage.
        .testTarget(
            name: "LogModelTests", dependencies: ["LogModel"], swiftSettings: swiftSettings),
        .testTarget(
            name: "LogFormatTests",
            dependencies: ["LogModel", "LogFormat", "CCRC32C", "TestSupport"],
            swiftSettings: borrowingSettings),
        .testTarget(
            name: "LogStorageTests",
            dependencies: [
                "LogModel", "LogFormat", "LogStorage", "COpenSSL", "TestSupport",
                "storage-torture",
            ],
            swiftSettings: borrowingSettings),
        // A process that the tests of storage kill, refuse and starve.
        .executableTarget(
            name: "storage-torture",
            dependencies: ["LogModel", "LogFormat", "LogStorage", "CBusError", "TestSupport"],
            path: "Tests/StorageTorture", swiftSettings: borrowingSettings),
        // Real kills, power cuts and failing devices: needs root, loop devices and FUSE.
        .testTarget(
            name: "CrashTests",
            dependencies: [
                "LogModel", "LogFormat", "LogStorage", "TestSupport", "storage-torture",
            ],
            swiftSettings: borrowingSettings),
        // A machine in memory that fails as machines do, and what must hold then.
        .target(
            name: "LogSimulation",
            dependencies: ["LogModel", "LogFormat", "LogStorage", "TestSupport"],
            path: "Tests/LogSimulation", swiftSettings: borrowingSettings),
        .testTarget(
            name: "LogSimulationTests",
            dependencies: ["LogModel", "LogFormat", "LogStorage", "LogSimulation", "TestSupport"],
            swiftSettings: borrowingSettings),
        .executableTarget(
            name: "log-simulation", dependencies: ["LogSimulation"],
            path: "Tests/LogSimulationRunner",
            swiftSettings: borrowingSettings),
        .testTarget(
            name: "MatchingTests",
            dependencies: ["LogModel", "LogFormat", "Matching", "TestSupport"],
            swiftSettings: borrowingSettings),
        .testTarget(
            name: "WireProtocolTests",
            dependencies: ["LogModel", "LogFormat", "WireProtocol", "CJSON", "TestSupport"],
            swiftSettings: borrowingSettings),
        .testTarget(
            name: "AccessTests", dependencies: ["LogModel", "Access"], swiftSettings: swiftSettings),
        .testTarget(
            name: "IdentityTests",
            dependencies: [
                "LogModel", "Access", "Identity", .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "SettingsTests", dependencies: ["LogModel", "Access", "Identity", "Settings"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "SessionsTests",
            dependencies: [
                "LogModel", "LogFormat", "Matching", "Sessions", "WireProtocol", "TestSupport",
            ],
            swiftSettings: borrowingSettings),
        .testTarget(
            name: "ReplicationTests",
            dependencies: [
                "LogModel", "LogFormat", "LogStorage", "Matching", "Access", "Replication",
                "Sessions", "Debugging",
                "WireProtocol", "TestSupport", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: borrowingSettings),
        .testTarget(
            name: "DebuggingTests",
            dependencies: [
                "LogModel", "LogFormat", "LogStorage", "Matching", "Access", "Sessions",
                "WireProtocol", "Replication", "Debugging", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: borrowingSettings),
        .target(
            name: "TestSupport", dependencies: ["LogModel", "LogFormat", "LogStorage"],
            path: "Tests/TestSupport", swiftSettings: borrowingSettings),

        .testTarget(
            name: "LoadTestTests",
            dependencies: [
                "LoadTest", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "TransportTests",
            dependencies: [
                "Replication", "Transport", "WireProtocol",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings),

        // Tests that need a socket or another process.
        .testTarget(
            name: "LogCommandTests",
            dependencies: [
                "LogModel", "LogFormat", "LogStorage", "WireProtocol", "TestSupport", "livelog",
            ],
            swiftSettings: borrowingSettings),
        .testTarget(
            name: "LivelogClientTests",
            dependencies: [
                "LivelogClient", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings),
        // The server's WebSockets with an echo behind them, for tools/autobahn.
        .executableTarget(
            name: "websocket-echo",
            dependencies: [
                "Transport", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Tests/WebSocketEcho", swiftSettings: swiftSettings),
        // Real servers, clients and a browser: sockets and child processes.
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "LivelogClient", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            exclude: ["Clients"], swiftSettings: swiftSettings),
    ],
    cxxLanguageStandard: .cxx17
)
