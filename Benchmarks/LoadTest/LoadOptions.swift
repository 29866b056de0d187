/// What a load test does: numbers of the scenarios, and where the server is.
package struct LoadOptions: Sendable {
    /// How changes get to Livelog.
    package enum Way: String, CaseIterable, Sendable {
        /// livelog.producer.v1.
        case websocket
        /// `POST /v1/changes`, a batch a request.
        case http
    }

    /// What is loaded.
    package var target = Target.livelog
    /// Clients that subscribe.
    package var sockets = 1000
    /// Groups that the events are of, in turn; each client subscribes to one of them.
    package var groups = 1
    /// Bytes of an event as it is delivered; where events are appended only, of an instance.
    package var bytes = 200
    /// Events a second, on schedule. `nil`: as fast as they are delivered.
    package var rate: Double?
    /// Events that are outstanding at most, without a rate; where events are appended only, batches of each
    /// connection.
    package var window = 128
    /// Seconds that are measured.
    package var seconds = 5.0
    /// Seconds before.
    package var warmup = 0.5
    /// Events of a batch.
    package var batch = 1000
    /// Events that are appended, or replayed.
    package var records = 1_000_000
    /// How they are appended.
    package var via = Way.websocket
    /// Connections that append.
    package var connections = 1
    /// Events that each client has missed when it reconnects.
    package var behind = 100
    /// The share of clients that stall.
    package var share = 0.5
    /// Subscriptions in all, of which none or one wants a record.
    package var subscriptions = 100_000
    /// Clients that reconnect each second.
    package var churn = 10.0
    /// Seconds without a delivery after which those that are missing are lost.
    package var patience = 30.0
    /// The model of Livelog's events. `nil`: one of this run only.
    package var model: String?

    /// Creates options with the numbers that are default.
    package init() {}

    /// Checks the numbers.
    ///
    /// - Throws: ``LoadError/Code/invalidOptions`` with what can be done.
    package func validate() throws(LoadError) {
        func refuse(_ message: String) -> LoadError { LoadError(.invalidOptions, message) }
        guard (1...60_000).contains(self.sockets) else {
            throw refuse("--sockets is from 1 to 60000")
        }
        guard (1...EventTemplate.groupsMax).contains(self.groups) else {
            throw refuse("--groups is from 1 to \(EventTemplate.groupsMax)")
        }
        guard (1...1_000_000).contains(self.bytes) else {
            throw refuse("--bytes is from 1 to 1000000")
        }
        if let rate, !(rate > 0 && rate <= 10_000_000) {
            throw refuse("--rate is above 0, and at most 10000000")
        }
        guard (1...100_000).contains(self.window) else {
            throw refuse("--window is from 1 to 100000")
        }
        guard self.seconds > 0, self.seconds <= 1_000_000 else {
            throw refuse("--seconds is above 0, and at most 1000000")
        }
        guard self.warmup >= 0, self.warmup <= 3600 else {
            throw refuse("--warmup is from 0 to 3600")
        }
        guard (1...10_000).contains(self.batch) else { throw refuse("--batch is from 1 to 10000") }
        guard (1...5_000_000_000).contains(self.records) else {
            throw refuse("--records is from 1 to 5000000000")
        }
        guard (1...250).contains(self.connections) else {
            throw refuse("--connections is from 1 to 250")
        }
        guard (1...100_000).contains(self.behind) else {
            throw refuse("--behind is from 1 to 100000")
        }
        guard (0...1).contains(self.share) else { throw refuse("--share is from 0 to 1") }
        guard (1...EventTemplate.groupsMax).contains(self.subscriptions) else {
            throw refuse("--subscriptions is from 1 to \(EventTemplate.groupsMax)")
        }
        guard self.patience > 0, self.patience <= 3600 else {
            throw refuse("--patience is above 0, and at most 3600")
        }
        guard self.churn >= 0, self.churn <= 10_000 else {
            throw refuse("--churn is from 0 to 10000")
        }
    }
}

/// The server that is loaded.
package struct LoadedServer: Sendable {
    /// Where it listens.
    package var host: String
    /// Where subscribers connect.
    package var port: Int
    /// Where the publisher connects.
    package var publishPort: Int
    /// Its processes on this machine, whose use is measured; none if it is elsewhere.
    package var processes: [Int32]
    /// What it says of itself.
    package var version: String
    /// When it acknowledges.
    package var acknowledgement: String

    /// Creates a description.
    package init(
        host: String, port: Int, publishPort: Int? = nil, processes: [Int32], version: String,
        acknowledgement: String
    ) {
        self.host = host
        self.port = port
        self.publishPort = publishPort ?? port
        self.processes = processes
        self.version = version
        self.acknowledgement = acknowledgement
    }
}
