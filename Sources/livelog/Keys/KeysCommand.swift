import ArgumentParser
import Glibc
import Identity

/// `livelog keys`: by what programs and developers show who they are.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make, list and revoke API keys, and make tokens for development.",
        subcommands: [
            KeysMakeCommand.self, KeysListCommand.self, KeysRevokeCommand.self,
            KeysTokenCommand.self,
        ])

    /// Seconds since 1970-01-01T00:00:00Z.
    static var now: Int64 { Int64(time(nil)) }
}

/// The file of keys that most of them work on.
struct KeyFileOption: ParsableArguments {
    @Option(name: .customLong("file"), help: "The file of API keys. It holds digests, no secrets.")
    var path: String

    /// The file.
    var file: APIKeyFile { APIKeyFile(self.path) }
}

extension ParsableCommand {
    /// Runs `body`; what it throws is said on standard error, and the command ends with exit code 1.
    func orFailOnKeys<Result>(
        _ body: () throws(IdentityOptionsError) -> Result
    ) throws -> Result {
        do throws(IdentityOptionsError) {
            return try body()
        } catch {
            Diagnostics.say("\(error)")
            throw ExitCode.failure
        }
    }
}
