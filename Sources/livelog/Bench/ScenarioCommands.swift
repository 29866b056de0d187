import ArgumentParser
import LoadTest

/// `livelog bench fanout`.
struct FanoutBench: BenchScenario {
    static let configuration = CommandConfiguration(
        commandName: "fanout",
        abstract: "Deliver events to many clients: what a delivery costs, and how late it is.")

    @OptionGroup var bench: BenchOptions
    @OptionGroup var clients: ClientOptions

    @Option(help: "Events a second, on schedule. Default: as fast as they are delivered.")
    var rate: Double?

    @Option(help: "Without a rate: events that are outstanding at most. 1 is one at a time.")
    var window = LoadOptions().window

    @Option(
        help: ArgumentHelp(
            "Find the highest rate at which a percentile of the lateness stays below a time, such as p99<10ms, "
                + "and neither the backlog nor memory grows.", valueName: "objective"))
    var findRate: String?

    var scenario: Scenario { .fanout }
    var objective: Objective? { get throws(LoadError) { try self.findRate.map(Objective.init) } }

    func apply(to options: inout LoadOptions) {
        self.clients.apply(to: &options)
        options.rate = self.rate
        options.window = self.window
    }
}

/// `livelog bench append`.
struct AppendBench: BenchScenario {
    static let configuration = CommandConfiguration(
        commandName: "append",
        abstract: "Append changes in batches: what a record costs, and how long a receipt takes.")

    @OptionGroup var bench: BenchOptions
    @OptionGroup var appending: AppendingOptions

    @Option(help: "Records a second, on schedule. Default: as fast as they are acknowledged.")
    var rate: Double?

    @Option(help: "Groups that records are of, in turn.")
    var groups = 100

    var scenario: Scenario { .append }

    func apply(to options: inout LoadOptions) {
        self.appending.apply(to: &options)
        options.groups = self.groups
        options.rate = self.rate
    }
}

/// `livelog bench replay`.
struct ReplayBench: BenchScenario {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Read a log from its start, and groups of it.",
        discussion: "The log is filled first, which is not measured.")

    @OptionGroup var bench: BenchOptions

    @Option(help: "Records that are appended first.")
    var records = LoadOptions().records

    @Option(help: "Groups that they are of, in turn.")
    var groups = 100

    @Option(help: "Bytes of an instance.")
    var bytes = 256

    var scenario: Scenario { .replay }

    func apply(to options: inout LoadOptions) {
        options.records = self.records
        options.groups = self.groups
        options.bytes = self.bytes
        options.window = 8
    }
}

/// `livelog bench match`.
struct MatchBench: BenchScenario {
    static let configuration = CommandConfiguration(
        commandName: "match",
        abstract: "Append records among very many subscriptions, of which none or one wants each.",
        discussion: "The cost of matching alone is the difference to a run with --subscriptions 1.")

    @OptionGroup var bench: BenchOptions
    @OptionGroup var appending: AppendingOptions

    @Option(help: "Subscriptions in all, a thousand a connection.")
    var subscriptions = LoadOptions().subscriptions

    var scenario: Scenario { .match }
    var serveArguments: [String] { ["--subscriptions", "1000"] }

    func apply(to options: inout LoadOptions) {
        self.appending.apply(to: &options)
        options.subscriptions = self.subscriptions
    }
}

/// `livelog bench resume`.
struct ResumeBench: BenchScenario {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Let all clients reconnect at once with their tokens, beside 100 that are live.")

    @OptionGroup var bench: BenchOptions
    @OptionGroup var clients: ClientOptions

    @Option(help: "Events that each has missed.")
    var behind = LoadOptions().behind

    @Option(help: "Events a second for those that are live.")
    var rate = 50.0

    var scenario: Scenario { .resume }

    func apply(to options: inout LoadOptions) {
        self.clients.apply(to: &options)
        options.behind = self.behind
        options.rate = self.rate
    }
}

/// `livelog bench idle`.
struct IdleBench: BenchScenario {
    static let configuration = CommandConfiguration(
        commandName: "idle",
        abstract: "Open connections with a subscription each: what one holds of memory.")

    @OptionGroup var bench: BenchOptions
    @OptionGroup var clients: ClientOptions

    var scenario: Scenario { .idle }
    func apply(to options: inout LoadOptions) { self.clients.apply(to: &options) }
}

/// `livelog bench slow`.
struct SlowBench: BenchScenario {
    static let configuration = CommandConfiguration(
        commandName: "slow",
        abstract: "Let a share of the clients read nothing: what that does to the others.")

    @OptionGroup var bench: BenchOptions
    @OptionGroup var clients: ClientOptions

    @Option(help: "The share of clients that read nothing, from 0 to 1.")
    var share = LoadOptions().share

    @Option(help: "Events a second.")
    var rate = 50.0

    var scenario: Scenario { .slow }

    func apply(to options: inout LoadOptions) {
        self.clients.apply(to: &options)
        options.share = self.share
        options.rate = self.rate
    }
}

/// `livelog bench mixed`.
struct MixedBench: BenchScenario {
    static let configuration = CommandConfiguration(
        commandName: "mixed",
        abstract: "Deliver, append, reconnect and stall at once.")

    @OptionGroup var bench: BenchOptions
    @OptionGroup var clients: ClientOptions
    @OptionGroup var mix: MixOptions

    var scenario: Scenario { .mixed }

    func apply(to options: inout LoadOptions) {
        self.clients.apply(to: &options)
        self.mix.apply(to: &options)
    }
}

/// `livelog bench soak`.
struct SoakBench: BenchScenario {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract: "The same as mixed for long: whether memory grows, and lateness.",
        discussion: "Give --seconds: an hour is 3600.")

    @OptionGroup var bench: BenchOptions
    @OptionGroup var clients: ClientOptions
    @OptionGroup var mix: MixOptions

    var scenario: Scenario { .soak }
    /// The segment that grows has tables in memory, up to its size: with small ones a soak sees many of them, and
    /// what still grows is something else.
    var serveArguments: [String] { ["--segment-bytes", "\(8 << 20)"] }

    func apply(to options: inout LoadOptions) {
        self.clients.apply(to: &options)
        self.mix.apply(to: &options)
    }
}
