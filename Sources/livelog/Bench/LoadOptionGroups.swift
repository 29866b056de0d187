import ArgumentParser
import LoadTest

// Options that several scenarios share, and how each gets into what the load is given.

/// How many clients there are, and what they are given.
struct ClientOptions: ParsableArguments {
    @Option(help: "Clients, a connection and a subscription each.")
    var sockets = LoadOptions().sockets

    @Option(help: "Groups that events are of, in turn. Each client subscribes to one of them.")
    var groups = LoadOptions().groups

    @Option(help: "Bytes of an event as it is delivered.")
    var bytes = LoadOptions().bytes

    @Option(help: "Seconds to measure.")
    var seconds = LoadOptions().seconds

    @Option(help: "Seconds before.")
    var warmup = LoadOptions().warmup

    func apply(to options: inout LoadOptions) {
        options.sockets = self.sockets
        options.groups = self.groups
        options.bytes = self.bytes
        options.seconds = self.seconds
        options.warmup = self.warmup
    }
}

/// What is appended, and how.
struct AppendingOptions: ParsableArguments {
    @Option(help: "Records.")
    var records = LoadOptions().records

    @Option(help: "Changes of a batch.")
    var batch = LoadOptions().batch

    @Option(help: "Bytes of an instance.")
    var bytes = 256

    @Option(help: "How batches are sent: websocket (livelog.producer.v1) or http.")
    var via = LoadOptions.Way.websocket

    @Option(help: "Connections that send.")
    var connections = LoadOptions().connections

    @Option(help: "Batches of a WebSocket without a receipt, at most. HTTP has one.")
    var window = 8

    func apply(to options: inout LoadOptions) {
        options.records = self.records
        options.batch = self.batch
        options.bytes = self.bytes
        options.via = self.via
        options.connections = self.connections
        options.window = self.window
    }
}

/// Everything at once.
struct MixOptions: ParsableArguments {
    @Option(help: "Events a second, to clients.")
    var rate = 100.0

    @Option(help: "The share of half of the clients that may read nothing for a while.")
    var share = 0.1

    @Option(help: "Clients that come back or stall, a second.")
    var churn = LoadOptions().churn

    func apply(to options: inout LoadOptions) {
        options.rate = self.rate
        options.share = self.share
        options.churn = self.churn
    }
}

extension LoadOptions.Way: ExpressibleByArgument {}
extension Target: ExpressibleByArgument {}
