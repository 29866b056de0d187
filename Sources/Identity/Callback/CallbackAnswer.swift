import Access
import WireProtocol

/// What the application says of a client.
struct CallbackAnswer: Sendable {
    /// The most bytes of an answer.
    static let bytesMax = 16 << 10

    /// Who it is.
    let principal: Principal
    /// For how many seconds; nil if the application does not say.
    let seconds: Int64?

    /// Reads the answer's body; nil if it is not what it has to be.
    init?(_ body: [UInt8], now: Int64) {
        guard
            let document = try? JSONDocument(
                parsing: body, limits: JSONLimits(depthMax: 8, tokensMax: 4096)),
            let subjectNode = document.member("subject", of: document.root)
        else { return nil }
        func node(_ name: String) -> JSONDocument.Node? {
            document.member(name, of: document.root)
        }
        let claims = node("claims")
        let scopes = node("scopes")
        let staff = node("staff")
        guard claims.map({ document.kind(of: $0) == .object }) ?? true,
            scopes.map({ document.kind(of: $0) == .array }) ?? true,
            staff.map({ document.kind(of: $0) == .boolean }) ?? true
        else { return nil }
        var seconds: Int64?
        if let node = node("expires_in"), document.kind(of: node) != .null {
            // A year is enough for everybody, and no sum overflows.
            guard let number = document.unsignedInteger(node), (1...31_536_000).contains(number)
            else { return nil }
            seconds = Int64(number)
        }
        self.seconds = seconds
        if document.kind(of: subjectNode) == .null {
            self.principal = .anonymous
            return
        }
        guard let subject = document.string(subjectNode), !subject.isEmpty,
            subject.utf8.count <= TokenRules.subjectBytesMax
        else { return nil }
        self.principal = Principal(
            origin: .application, subject: subject,
            claims: claims.map { ClaimReader.claims(of: $0, in: document) } ?? [:],
            scopes: ClaimReader.scopes(scopes, in: document),
            isStaff: staff.flatMap(document.boolean) ?? false, expiry: seconds.map { now + $0 })
    }
}
