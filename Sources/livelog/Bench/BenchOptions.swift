import ArgumentParser
import LoadTest

/// Which server is loaded, and how its figures are told.
struct BenchOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Load this server, instead of one that is started for the run.", valueName: "host:port")
    )
    var server: String?

    @Option(help: "What the server is: livelog, nats, mosquitto, floor or rest-live.")
    var target = Target.livelog

    @Option(help: "The port for the publisher, if it is not the subscribers'.")
    var publishPort: Int?

    @Option(
        name: .customLong("pid"),
        help:
            "The process of --server, whose processor time and memory are measured; repeat it for more."
    )
    var processes: [Int32] = []

    @Option(help: "Without --server: when changes are acknowledged and shown, durable or written.")
    var ack = Acknowledgement.durable

    @Option(
        help: ArgumentHelp(
            "Without --server: where the log's directory is made.", valueName: "directory"))
    var directory = "/tmp"

    @Option(help: "The model of Livelog's events. Default: one of this run only.")
    var model: String?

    @Option(help: "Seconds without a delivery after which those that are missing are lost.")
    var patience = LoadOptions().patience

    @Option(help: ArgumentHelp("Write a page with plots to this file.", valueName: "file"))
    var html: String?

    @Option(help: "How to print the result: text, or json as one object.")
    var format = OutputFormat.text

    func validate() throws {
        if let server, Self.split(server) == nil {
            throw ValidationError("--server is HOST:PORT, for instance 127.0.0.1:8080.")
        }
        if self.server == nil {
            guard self.target == .livelog else {
                throw ValidationError(
                    "--target \(self.target.rawValue) needs --server: only Livelog is started here."
                )
            }
            guard self.processes.isEmpty, self.publishPort == nil else {
                throw ValidationError("--pid and --publish-port belong to --server.")
            }
        }
        if let publishPort, !(1...65535).contains(publishPort) {
            throw ValidationError("--publish-port is from 1 to 65535.")
        }
    }

    /// The server that is loaded, if there is one already.
    var given: LoadedServer? {
        guard let server, let (host, port) = Self.split(server) else { return nil }
        return LoadedServer(
            host: host, port: port, publishPort: self.publishPort, processes: self.processes,
            version: server,
            acknowledgement: "as it is configured")
    }

    private static func split(_ address: String) -> (host: String, port: Int)? {
        guard let colon = address.lastIndex(of: ":"), colon > address.startIndex,
            let port = Int(address[address.index(after: colon)...]), (1...65535).contains(port)
        else { return nil }
        return (String(address[..<colon]), port)
    }
}
