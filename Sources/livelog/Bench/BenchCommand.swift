import ArgumentParser

/// `livelog bench`: loads a server as its clients would, and measures it.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Load a server as thousands of clients would, and measure what it does.",
        discussion: """
            Without --server a server is started for the run, with an empty log in a temporary directory, and \
            stopped after it.

            Every event that every client gets is checked: that it is the next one of its group. A run in which \
            one is lost, comes twice or out of order fails, and so does one in which the server refuses \
            anything or closes a connection. With --rate, events have a time at which they should be sent, \
            and lateness is counted from then, whatever held them up.

            Exit code 0: all was as it should be. 1: it was not; standard error says what.
            """,
        subcommands: [
            FanoutBench.self, AppendBench.self, ReplayBench.self, MatchBench.self, ResumeBench.self,
            IdleBench.self,
            SlowBench.self, MixedBench.self, SoakBench.self,
        ])
}
