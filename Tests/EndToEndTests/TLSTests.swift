import Foundation
import Testing

/// Connections that are encrypted: by what, what goes over them, and whose certificate it is.
@Suite struct TLSTests {
    private struct World {
        let directory: URL
        let server: LivelogServer

        func file(_ name: String) -> String { self.directory.appending(path: name).path }
    }

    private static func makeCertificate(
        _ serial: Int, in directory: URL, key: String = "ec -pkeyopt ec_paramgen_curve:P-256"
    ) async throws {
        let made = try ChildProcess.shell(
            """
            cd "$DIRECTORY" && openssl req -x509 -newkey \(key) -nodes -days 7 -subj /CN=localhost \
            -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -set_serial \(serial) \
            -keyout new.key -out new.pem 2>/dev/null && mv new.key server.key && mv new.pem server.pem
            """, environment: ["DIRECTORY": directory.path])
        #expect(await made.ending() == .exited(0), "\(made.errorOutput)")
    }

    private func withWorld(
        _ options: [String] = [], _ body: (World) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            try await Self.makeCertificate(1, in: directory)
            let file = directory.appending(path: "livelog.yaml")
            try "tls: {certificate: server.pem, key: server.key}\nunlisted_models: open\n".write(
                to: file, atomically: true, encoding: .utf8)
            try await withServer(in: directory, options: ["--config", file.path] + options) {
                try await body(World(directory: directory, server: $0))
            }
        }
    }

    private func client(
        _ world: World, _ options: [String]
    ) throws -> ChildProcess {
        try world.server.python(
            "tls_session.py", ["\(world.server.port)", world.file("server.pem")] + options)
    }

    /// A certificate that is renewed is that of new connections; those that are there go on.
    @Test(.timeLimit(.minutes(1)))
    func sessionsGoOnWhileTheCertificateIsRenewed() async throws {
        try await self.withWorld { world in
            let before = try self.client(world, ["300"])
            #expect(await before.nextLine() == "01")
            #expect(await before.nextLine() == "300")
            let old = world.file("old.pem")
            try FileManager.default.copyItem(atPath: world.file("server.pem"), toPath: old)
            try await Self.makeCertificate(2, in: world.directory)
            kill(world.server.processIdentifier, SIGHUP)
            let serial = try await self.serial(world, until: "02")
            #expect(serial == "02")

            // Files that do not belong together are refused, and the ones before stay.
            try FileManager.default.removeItem(atPath: world.file("server.pem"))
            try FileManager.default.copyItem(atPath: old, toPath: world.file("server.pem"))
            kill(world.server.processIdentifier, SIGHUP)
            for _ in 0..<200 where !world.server.errorOutput.contains("is not that of") {
                #expect(try await self.serial(world, until: "02") == "02")
            }
            #expect(world.server.errorOutput.contains("the one before stays"))
            #expect(try await self.serial(world, until: "02") == "02")
            // The first session has lived through all of it.
            kill(before.processIdentifier, SIGUSR1)
            #expect(await before.nextLine() == "301")
            await before.kill()
        }
    }

    /// The serial number of the certificate that new connections get, as soon as it is `wanted`, or the last one.
    private func serial(_ world: World, until wanted: String) async throws -> String {
        var serial = ""
        for _ in 0..<200 where serial != wanted {
            serial =
                try await ChildProcess.shell(
                    """
                    openssl s_client -connect 127.0.0.1:\(world.server.port) </dev/null 2>/dev/null \
                    | openssl x509 -noout -serial | cut -d= -f2
                    """
                ).output().first ?? ""
        }
        return serial
    }

    /// Who reads nothing for a while gets everything afterwards, in order, like over a plain socket.
    @Test(.timeLimit(.minutes(1)))
    func whoReadsLateGetsEverything() async throws {
        try await self.withWorld { world in
            let client = try self.client(world, ["400", "--padding", "20000", "--pause", "3"])
            #expect(await client.nextLine() == "01")
            #expect(await client.nextLine() == "400")
            await client.kill()
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func pagesAndCommandsWorkOverIt() async throws {
        try await self.withWorld { world in
            let url = "https://localhost:\(world.server.port)"
            let server = ["--server", url, "--ca-file", world.file("server.pem")]
            let change = #"{"model":"m","action":"CREATED","instance":{"id":1}}"#
            let file = world.directory.appending(path: "changes.ndjson")
            try (change + "\n").write(to: file, atomically: true, encoding: .utf8)
            let publish = try ChildProcess(Places.livelog, ["publish", file.path] + server)
            #expect(await publish.ending() == .exited(0), "\(publish.errorOutput)")
            let subscribe = try ChildProcess(
                Places.livelog, ["subscribe", "--model", "m", "--from", "start"] + server)
            #expect(try await subscribe.records(1).map(\.offset) == [0])
            await subscribe.kill()
            let replay = try ChildProcess(
                Places.livelog,
                ["replay", world.file("data"), "--to", url, "--ca-file", world.file("server.pem")])
            #expect(await replay.ending() == .exited(0), "\(replay.errorOutput)")
            let page = try await ChildProcess.shell(
                """
                curl --silent --include --cacert "$CERTIFICATE" '\(url)/v1/changes?model=m&from=start'
                """, environment: ["CERTIFICATE": world.file("server.pem")]
            ).output().joined(separator: "\n").lowercased()
            #expect(page.contains("\"offset\":0"))
            #expect(page.contains("strict-transport-security: max-age=31536000"))
        }
    }

    /// Who speaks something else is closed and counted, and so is who says nothing.
    @Test(.timeLimit(.minutes(1)))
    func whatIsNoHandshakeIsClosed() async throws {
        try await self.withWorld(["--tls-handshake-seconds", "1"]) { world in
            let plain = try? await world.server.exchange(.get("/healthz"))
            #expect(plain == nil || plain?.status == 0)
            let silent = try ChildProcess.shell(
                "exec 3<>/dev/tcp/127.0.0.1/\(world.server.port); cat <&3")
            #expect(await silent.ending() == .exited(0))
            let metrics = try await ChildProcess.shell(
                """
                curl --silent --cacert "$CERTIFICATE" https://localhost:\(world.server.port)/metrics
                """, environment: ["CERTIFICATE": world.file("server.pem")]
            ).output()
            let counted = metrics.filter { $0.contains("tls-handshake") }
            #expect(counted.first?.hasSuffix(" 2") == true, "\(counted)")
        }
    }

    /// What a scanner of servers finds: 1.2 and 1.3 with ephemeral keys and authenticated encryption, and no known hole.
    @Test(.timeLimit(.minutes(3)), arguments: ["ec -pkeyopt ec_paramgen_curve:P-256", "rsa:2048"])
    func aScannerFindsNothing(_ key: String) async throws {
        try await withTemporaryDirectory { directory in
            try await Self.makeCertificate(1, in: directory, key: key)
            let file = directory.appending(path: "livelog.yaml")
            try "tls: {certificate: server.pem, key: server.key}\nunlisted_models: open\n".write(
                to: file, atomically: true, encoding: .utf8)
            try await withServer(in: directory, options: ["--config", file.path]) { server in
                let found = try await server.python("tls_scan.py", ["\(server.port)"]).output()
                let versions = found.filter { $0.hasPrefix("TLS") || $0.hasPrefix("SSL") }
                #expect(
                    Set(versions.compactMap { $0.split(separator: " ").first }) == [
                        "TLSv1.2", "TLSv1.3",
                    ])
                for suite in versions where suite.hasPrefix("TLSv1.2") {
                    #expect(suite.contains("_ECDHE_"), "\(suite)")
                    #expect(suite.contains("_GCM_") || suite.contains("_CHACHA20_"), "\(suite)")
                }
                #expect(
                    found.filter { !versions.contains($0) } == [
                        "compression False", "heartbleed False", "ccs injection False",
                        "robot NOT_VULNERABLE_NO_ORACLE", "client renegotiation False",
                        "early data False",
                    ] || found.contains("robot NOT_VULNERABLE_RSA_NOT_SUPPORTED"))
                #expect(!found.contains { $0.hasSuffix("True") })
            }
        }
    }

    @Test(arguments: [
        ("tls: {certificate: server.pem}", "the key is missing"),
        ("tls: {certificate: server.pem, key: none.key}", "none.key cannot be read"),
        ("tls: {certificate: livelog.yaml, key: server.key}", "no certificate in PEM"),
        ("tls: {certificate: server.pem, key: server.pem}", "no private key in PEM"),
        ("tls: {certificate: server.pem, key: other.key}", "is not that of the certificate"),
    ])
    func filesThatAreWrongAreToldAtOnce(_ line: String, _ reason: String) async throws {
        try await withTemporaryDirectory { directory in
            try await Self.makeCertificate(1, in: directory)
            let key = directory.appending(path: "server.key")
            try FileManager.default.moveItem(
                at: key, to: directory.appending(path: "other.key"))
            try await Self.makeCertificate(2, in: directory)
            let file = directory.appending(path: "livelog.yaml")
            try "\(line)\nunlisted_models: open\n".write(
                to: file, atomically: true, encoding: .utf8)
            for command in [
                ["check-config", file.path],
                ["serve", "--config", file.path, "--data", directory.path + "/data"],
            ] {
                let process = try ChildProcess(Places.livelog, command)
                #expect(await process.ending() == .exited(1))
                #expect(process.errorOutput.contains(reason), "\(process.errorOutput)")
            }
        }
    }
}
