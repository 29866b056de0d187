import ArgumentParser

/// The command line; each subcommand is a file of its own.
@main
struct Livelog: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "livelog",
        abstract: "An append log of model changes that readers follow and resume.",
        version: Version.text,
        subcommands: [
            ServeCommand.self, PublishCommand.self, SubscribeCommand.self, LogCommand.self,
            ReplaySessionsCommand.self, BenchCommand.self, KeysCommand.self,
            CheckConfigCommand.self,
        ])
}
