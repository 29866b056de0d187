import ArgumentParser
import Glibc
import Identity
import WireProtocol

/// `livelog keys token`: makes a signed token for development.
struct KeysTokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make a token for development, signed by HS256, and print it.",
        discussion: """
            For tests and for trying out. An application makes tokens itself when its users log in.

              livelog keys token --secret-file secret --issuer app --audience livelog --subject 7 \
            --claim 'teams=[1,2]'
            """)

    @Option(help: "A file with the secret, at least 32 bytes; a line's end after it is left out.")
    var secretFile: String

    @Option(help: "The issuer, as the server's configuration names it.")
    var issuer: String

    @Option(help: "The audience, as the server's configuration names it.")
    var audience: String

    @Option(help: "Who it is.")
    var subject: String

    @Option(
        help: ArgumentHelp(
            "One more claim; the value is JSON. Can be repeated.", valueName: "name=json"))
    var claim: [TokenClaim] = []

    @Option(help: "What the subject may do. Can be repeated.")
    var scope: [String] = []

    @Flag(help: "The subject belongs to the staff.")
    var staff = false

    @Option(help: "Seconds that it is good for, 1 to 86400.")
    var seconds: Int64 = 3600

    @Option(help: "The key's id, if the server's configuration gives the key one.")
    var keyId: String?

    private static let secretBytes = 32...4096

    func validate() throws {
        guard (1...86_400).contains(self.seconds) else {
            throw ValidationError("--seconds has to be 1 to 86400.")
        }
        guard (1...256).contains(self.subject.utf8.count) else {
            throw ValidationError("--subject has to have 1 to 256 bytes.")
        }
        guard self.scope.allSatisfy({ !$0.isEmpty && !$0.contains(" ") }) else {
            throw ValidationError("A --scope is one word; repeat the option for more.")
        }
        var names: Set = ["iss", "aud", "sub", "iat", "exp"]
        if !self.scope.isEmpty { names.insert("scope") }
        if self.staff { names.insert("is_staff") }
        for claim in self.claim {
            guard names.insert(claim.name).inserted else {
                throw ValidationError("The claim \"\(claim.name)\" is there already.")
            }
        }
    }

    func run() throws {
        let secret = try self.secret()
        var token = DevelopmentToken(
            issuer: self.issuer, audience: self.audience, subject: self.subject,
            issued: KeysCommand.now, seconds: self.seconds, keyID: self.keyId)
        token.claims = self.claim.map { ($0.name, $0.json) }
        if !self.scope.isEmpty {
            var json: [UInt8] = []
            JSONText.append(string: self.scope.joined(separator: " "), to: &json)
            token.claims.append(("scope", json))
        }
        if self.staff { token.claims.append(("is_staff", Array("true".utf8))) }
        print(token.signed(secret: secret))
    }

    /// The secret, without a line's end after it.
    private func secret() throws -> [UInt8] {
        let file = open(self.secretFile, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw self.failure("\(String(cString: strerror(errno)))") }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: Self.secretBytes.upperBound + 2)
        let count = read(file, &bytes, bytes.count)
        guard count >= 0 else { throw self.failure("\(String(cString: strerror(errno)))") }
        bytes.removeLast(bytes.count - count)
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard Self.secretBytes.contains(bytes.count) else {
            throw self.failure(
                "a secret has \(Self.secretBytes.lowerBound) to "
                    + "\(Self.secretBytes.upperBound) bytes")
        }
        return bytes
    }

    private func failure(_ reason: String) -> ExitCode {
        Diagnostics.say("\(self.secretFile): \(reason)")
        return .failure
    }
}

/// A claim as an argument: `NAME=JSON`.
struct TokenClaim: ExpressibleByArgument {
    /// The claim's name.
    let name: String
    /// Its value.
    let json: [UInt8]

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        let json = Array(parts[1].utf8)
        guard (try? JSONDocument(parsing: json, limits: JSONLimits(tokensMax: 10_000))) != nil
        else { return nil }
        self.name = String(parts[0])
        self.json = json
    }
}
