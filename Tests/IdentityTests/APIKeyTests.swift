import Access
import Identity
import LogModel
import Testing

private func options(_ file: TemporaryFile) -> IdentityOptions {
    var options = IdentityOptions()
    options.apiKeysFile = file.path
    return options
}

@Test func anAPIKeyIsKnownByItsFile() async throws {
    try await withTemporaryFile { file in
        let grant = KeyGrant(actions: [.publish, .read], models: ["todos.Todo"])
        let (key, text) = APIKey.make(label: "im\"porter", grant: grant, created: 5)
        let (all, allText) = APIKey.make(
            label: "all", grant: KeyGrant(actions: [.operate]), created: 6)
        try APIKeyFile(file.path).add(key)
        try APIKeyFile(file.path).add(all)
        #expect(try APIKeyFile(file.path).keys() == [key, all])
        #expect(file.mode() == 0o600)
        let server = try await authenticator(options(file))
        let principal = try await server.principal(of: Credentials(bearer: text))
        #expect(principal == Principal(origin: .apiKey, subject: key.id, grant: grant))
        #expect(principal.grant?.allows(.publish, on: "todos.Todo") == true)
        #expect(principal.grant?.allows(.publish, on: "todos.List") == false)
        #expect(principal.grant?.allows(.operate, on: "todos.Todo") == false)
        let other = try await server.principal(of: Credentials(bearer: allText))
        #expect(other.grant == KeyGrant(actions: [.operate]))
        // The file is of no use to whoever reads it.
        #expect(try !file.text().contains(text.dropFirst(13)))
    }
}

@Test func aForeignOrWrongAPIKeyIsOneError() async throws {
    try await withTemporaryFile { file in
        let grant = KeyGrant(actions: [.read])
        let (key, text) = APIKey.make(label: "a", grant: grant, created: 5)
        let (foreign, foreignText) = APIKey.make(label: "b", grant: grant, created: 5)
        try APIKeyFile(file.path).add(key)
        let server = try await authenticator(options(file))
        let mixed = "llk_\(key.id)_\(foreignText.dropFirst(13))"
        let swapped = "llk_\(foreign.id)_\(text.dropFirst(13))"
        var errors: Set<AuthenticationError> = []
        for bearer in [foreignText, mixed, swapped] {
            do throws(AuthenticationError) {
                _ = try await server.principal(of: Credentials(bearer: bearer))
                Issue.record("accepted")
            } catch {
                errors.insert(error)
            }
        }
        #expect(errors.map(\.code) == [.notTrusted])
        let malformed = [
            "llk_", "llk_x", String(text.dropLast()), text + "A", text + "=",
            "llk_\(key.id.uppercased())_\(text.dropFirst(13))",
            text.replacing("_\(text.dropFirst(13))", with: "-\(text.dropFirst(13))"),
        ]
        for bearer in malformed {
            #expect(await server.refusal(bearer: bearer) == .malformed, "\(bearer)")
        }
    }
}

@Test func aRevocationIsSeenWithinASecond() async throws {
    try await withTemporaryFile { file in
        let keys = APIKeyFile(file.path)
        let (key, text) = APIKey.make(
            label: "a", grant: KeyGrant(actions: [.read]), created: 5)
        try keys.add(key)
        let clock = TestClock()
        let server = try await authenticator(options(file), clock: clock)
        #expect(await server.refusal(bearer: text) == nil)
        let connected = Principal(origin: .apiKey, subject: key.id, grant: key.grant)
        #expect(server.isKnown(connected))
        let other = Principal(
            origin: .apiKey, subject: key.id, grant: KeyGrant(actions: [.publish]))
        #expect(!server.isKnown(other), "the key is for something else")
        #expect(try keys.revoke(key.id, now: 9))
        #expect(try !keys.revoke(key.id, now: 10))
        #expect(try keys.keys().map(\.revoked) == [9])
        clock.advance(1)
        #expect(!server.isKnown(connected))
        #expect(server.isKnown(Principal(origin: .token, subject: "alice")))
        #expect(await server.refusal(bearer: text) == .revoked)
        // Only who has the secret learns that the key was revoked.
        let guess = String(text.dropLast(3)) + "AAA"
        #expect(await server.refusal(bearer: guess) == .notTrusted)
        let (new, newText) = APIKey.make(
            label: "b", grant: KeyGrant(actions: [.read]), created: 5)
        try keys.add(new)
        clock.advance(1)
        #expect(await server.refusal(bearer: newText) == nil)
    }
}

@Test func withoutTheFileNoAPIKeyCounts() async throws {
    try await withTemporaryFile { file in
        let keys = APIKeyFile(file.path)
        let (key, text) = APIKey.make(
            label: "a", grant: KeyGrant(actions: [.read]), created: 5)
        try keys.add(key)
        let good = try file.text()
        let clock = TestClock()
        let server = try await authenticator(options(file), clock: clock)
        for broken in ["{}\n", good + good, good.replacing("read", with: "everything"), "x"] {
            try file.write(broken)
            clock.advance(1)
            #expect(await server.refusal(bearer: text) == .unavailable, "\(broken)")
            // Who is connected is not revoked by that.
            let connected = Principal(origin: .apiKey, subject: key.id, grant: key.grant)
            #expect(server.isKnown(connected))
            await #expect(throws: IdentityOptionsError.self) {
                try await authenticator(options(file))
            }
            try file.write(good)
            clock.advance(1)
            #expect(await server.refusal(bearer: text) == nil)
        }
        try file.remove()
        clock.advance(1)
        #expect(await server.refusal(bearer: text) == .unavailable)
    }
}

@Test func aKeyFileRefusesWhatItDoesNotHave() async throws {
    try await withTemporaryFile { file in
        let keys = APIKeyFile(file.path)
        let (key, _) = APIKey.make(label: "a", grant: KeyGrant(actions: [.read]), created: 5)
        try keys.add(key)
        #expect(throws: IdentityOptionsError.self) { try keys.add(key) }
        #expect(throws: IdentityOptionsError.self) { _ = try keys.revoke("aaaaaaaa", now: 1) }
        #expect(try keys.keys() == [key])
    }
}

@Test func keysThatAreMadeAtOnceAreAllThere() async throws {
    try await withTemporaryFile { file in
        let path = file.path
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    let (key, _) = APIKey.make(
                        label: "\(number)", grant: KeyGrant(actions: [.read]), created: 5)
                    try APIKeyFile(path).add(key)
                }
            }
            try await group.waitForAll()
        }
        let labels = try APIKeyFile(path).keys().map(\.label)
        #expect(Set(labels) == Set((0..<20).map { "\($0)" }))
    }
}

@Test func errorsSayNothingOfWhatWasSent() async throws {
    try await withTemporaryFile { file in
        let (key, text) = APIKey.make(
            label: "a", grant: KeyGrant(actions: [.read]), created: 5)
        try APIKeyFile(file.path).add(key)
        var all = options(file)
        all.issuers = [issuer("app", secretKey())]
        let server = try await authenticator(all)
        let canary = "canarycanary"
        let secret = String(text.dropFirst(13).dropLast(4)) + "AAAA"
        var bearers = ["llk_\(key.id)_\(secret)", "llk_\(canary)", canary, "\(canary).a.b"]
        for name in ["alg", "typ", "kid", "crit", canary] {
            for json in ["\"\(canary)\"", "[\"\(canary)\"]", "\(canary)"] {
                bearers.append(try await SampleToken().header(name, json).signed())
            }
        }
        for name in ["iss", "aud", "sub", "exp", "nbf", "iat"] {
            for json in [
                "[\"\(canary)\"]", "\(canary)", "\"\(String(repeating: canary, count: 30))\"",
            ] {
                bearers.append(try await SampleToken().claim(name, json).signed())
            }
        }
        for bearer in bearers {
            do throws(AuthenticationError) {
                _ = try await server.principal(of: Credentials(bearer: bearer))
            } catch {
                let text = "\(error) \(error.message)"
                #expect(!text.contains("canary"), "\(error.message)")
                #expect(!text.contains(secret.prefix(8)), "\(error.message)")
                #expect(!text.contains(SampleKeys.secret), "\(error.message)")
            }
        }
    }
}
