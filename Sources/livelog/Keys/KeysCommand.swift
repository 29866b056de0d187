import ArgumentParser

/// `livelog keys`: API keys, and tokens for development.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make and revoke API keys, and make tokens for development.",
        discussion: """
            API keys are for programs: producers and operators. Their file holds digests, so that who reads it has no key. \
            A configuration names it: api_keys: keys.jsonl
            """,
        subcommands: [
            MakeKeyCommand.self, ListKeysCommand.self, RevokeKeyCommand.self, TokenCommand.self,
        ])
}

/// Where the keys are.
struct KeyFileOption: ParsableArguments {
    @Option(help: "The file of API keys: one JSON object a line.")
    var file = "keys.jsonl"
}
