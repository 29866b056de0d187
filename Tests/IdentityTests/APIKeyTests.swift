import Access
import Identity
import LogModel
import Testing

/// API keys: made once, kept as digests.
struct APIKeyTests {
    private func made() -> (key: APIKey, text: String) {
        APIKey.make(
            label: "the \"shop\"", grant: KeyGrant(actions: [.publish], models: ["m.M", "n"]), at: 7
        )
    }

    private func authenticator(_ keys: APIKeySet) async throws -> ServerAuthenticator {
        var options = IdentityOptions()
        options.apiKeys = keys
        return try await ServerAuthenticator(options)
    }

    @Test func aKeyIsKnownAgainByItsFileWhichDoesNotHaveIt() async throws {
        let (key, text) = self.made()
        var keys = APIKeySet()
        keys.add(key)
        let read = try APIKeySet(keys.text)
        #expect(read.keys == [key])
        let secret = try #require(text.split(separator: "_").last)
        #expect(secret.utf8.count == 64)
        #expect(!keys.text.contains(secret))
        let principal = try await self.authenticator(read).principal(of: Credentials(bearer: text))
        #expect(principal.origin == .apiKey)
        #expect(principal.subject == key.id)
        #expect(principal.grant == KeyGrant(actions: [.publish], models: ["m.M", "n"]))
        #expect(self.made().text != text)
    }

    @Test func whatIsNoGoodKeyIsRefused() async throws {
        let (key, text) = self.made()
        var keys = APIKeySet()
        keys.add(key)
        let other = self.made().text
        let secret = try #require(other.split(separator: "_").last)
        let cases: [(String, AuthenticationError.Code)] = [
            (other, .notTrusted), ("llk_\(key.id)_\(secret)", .notTrusted),
            ("llk_\(key.id)_", .notTrusted), ("llk_", .malformed), ("llk_a_b_c", .malformed),
            (text + "0", .notTrusted), (String(text.dropLast()), .notTrusted),
        ]
        for (text, code) in cases {
            await #expect(throws: AuthenticationError.self, "\(text)") {
                do {
                    _ = try await self.authenticator(keys).principal(of: Credentials(bearer: text))
                } catch let error as AuthenticationError {
                    #expect(error.code == code)
                    #expect(!error.message.contains(text.dropFirst(4)) || text.count < 8)
                    throw error
                }
            }
        }
        let done = [key.id, key.id, "unknown"].map { keys.revoke($0, at: 9) }
        #expect(done == [true, false, false])
        let revoked = try APIKeySet(keys.text)
        do {
            _ = try await self.authenticator(revoked).principal(of: Credentials(bearer: text))
            Issue.record("a revoked key is good")
        } catch {
            #expect((error as? AuthenticationError)?.code == .revoked)
        }
    }

    @Test(arguments: [
        "{}", "no JSON", #"{"id":"a","label":"b","digest":"00","actions":[],"created":1}"#,
        #"{"id":"a","label":"b","digest":"\#(String(repeating: "0", count: 64))","actions":["fly"],"created":1}"#,
    ])
    func aLineThatIsNoKeyIsTold(_ line: String) throws {
        let good = self.made().key.json
        #expect(throws: IdentityError.self) { try APIKeySet("\(good)\n\(line)\n") }
        #expect(throws: IdentityError.self) { try APIKeySet("\(good)\n\(good)\n") }
        do {
            _ = try APIKeySet("\(good)\n\n\(line)\n")
        } catch {
            #expect(error.description.hasPrefix("line 3 "))
        }
    }
}
