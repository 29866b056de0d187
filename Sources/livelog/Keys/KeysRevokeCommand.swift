import ArgumentParser
import Identity

/// `livelog keys revoke`: an API key does not count any more.
struct KeysRevokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revoke an API key; a server that uses the file knows it within a second.")

    @OptionGroup var keys: KeyFileOption

    @Argument(help: "The key's id, as `livelog keys list` shows it: what follows llk_.")
    var id: String

    func validate() throws {
        guard APIKey.isID(self.id) else {
            throw ValidationError(
                "An id is the \(APIKey.idLength) letters and digits between llk_ and the next _.")
        }
    }

    func run() throws {
        let isNew = try self.orFailOnKeys { () throws(IdentityOptionsError) in
            try self.keys.file.revoke(self.id, now: KeysCommand.now)
        }
        Diagnostics.say(
            isNew ? "revoked key \(self.id)" : "key \(self.id) had been revoked before")
    }
}
