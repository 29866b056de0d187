import LivelogClient
import Testing

@Suite struct BatchIdentityTests {
    @Test func theHeadersSayWhichBatchItIs() {
        let key = BatchIdentity.key("abc").headers
        #expect(key.map(\.name) == ["Idempotency-Key"])
        #expect(key.map(\.value) == ["abc"])
        let producer = BatchIdentity.producer("importer", sequence: .max).headers
        #expect(producer.map(\.name) == ["Livelog-Producer", "Livelog-Sequence"])
        #expect(producer.map(\.value) == ["importer", "18446744073709551615"])
    }

    @Test func uniqueIdentitiesDifferAndAreValid() throws {
        let identities = (0..<100).map { _ in BatchIdentity.unique() }
        #expect(Set(identities).count == 100)
        for identity in identities { try identity.validate() }
    }

    @Test(arguments: [
        (BatchIdentity.key(""), false),
        (.key(String(repeating: "k", count: 255)), true),
        (.key(String(repeating: "k", count: 256)), false),
        (.key("a b"), false),
        (.key("a\r\nX: y"), false),
        (.key("é"), false),
        (.producer("!~", sequence: 0), true),
        (.producer("", sequence: 0), false),
        (.producer(String(repeating: "p", count: 128), sequence: 0), true),
        (.producer(String(repeating: "p", count: 129), sequence: 0), false),
    ])
    func onlyVisibleTextOfSomeLengthIsAllowed(identity: BatchIdentity, isValid: Bool) {
        var error: ClientError?
        do { try identity.validate() } catch let failure { error = failure }
        #expect((error == nil) == isValid)
    }
}
