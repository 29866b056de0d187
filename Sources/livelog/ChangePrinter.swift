import Glibc
import LivelogClient
import NIOPosix

/// Prints the changes of a subscription, delivery by delivery, and keeps the place in a token file.
struct ChangePrinter: Sendable {
    /// How the printing ended.
    struct Ending: Sendable {
        /// Why it ended.
        enum Reason: Sendable {
            /// As many changes as were wanted have been printed, or all up to now.
            case complete
            /// Nobody reads standard output any more, as with `| head`.
            case brokenPipe
            /// The task was cancelled.
            case interrupted
            /// Something went wrong.
            case failed(any Error)
        }

        /// Why it ended.
        let reason: Reason
        /// The place after everything that was printed; nil if the server has not given one.
        let token: String?
    }

    /// How a change is printed.
    let format: OutputFormat
    /// Where the place is kept, if anywhere.
    let tokenFile: TokenFile?
    /// How many changes are wanted; nil for no end.
    let limit: Int?
    /// Whether to stop once the subscription has caught up.
    let stopsWhenLive: Bool
    /// Who says what the lines mean.
    let report: ConnectionReport

    private let output = Descriptor(number: STDOUT_FILENO, name: "standard output")

    /// Creates a printer.
    init(
        format: OutputFormat, tokenFile: TokenFile?, limit: Int?, stopsWhenLive: Bool,
        report: ConnectionReport
    ) {
        self.format = format
        self.tokenFile = tokenFile
        self.limit = limit
        self.stopsWhenLive = stopsWhenLive
        self.report = report
    }

    /// Prints until there is a reason to stop.
    func print(_ deliveries: Deliveries) async -> Ending {
        var token: String?
        var left = self.limit ?? .max
        do {
            for try await delivery in deliveries {
                let records = delivery.records.prefix(left)
                let lines = self.lines(records)
                if !lines.isEmpty { try await self.output.write(lines) }
                self.report.show(delivery)
                left -= records.count
                // A token that is past what was printed would lose the rest.
                if records.count == delivery.records.count && delivery.token != token {
                    try await self.keep(delivery.token)
                    token = delivery.token
                }
                if left == 0 || self.stopsWhenLive && delivery.isLive {
                    return Ending(reason: .complete, token: token)
                }
            }
            return Ending(reason: .interrupted, token: token)
        } catch is CancellationError {
            return Ending(reason: .interrupted, token: token)
        } catch let error as SystemError where error.code == EPIPE {
            return Ending(reason: .brokenPipe, token: token)
        } catch {
            return Ending(reason: .failed(error), token: token)
        }
    }

    private func keep(_ token: String) async throws {
        guard let tokenFile else { return }
        try await NIOThreadPool.singleton.runIfActive { try tokenFile.write(token) }
    }

    private func lines(_ records: ArraySlice<ChangeRecord>) -> [UInt8] {
        var lines: [UInt8] = []
        for record in records {
            switch self.format {
            case .json:
                lines += record.json
            case .text:
                lines += "\(record.offset) \(record.action.rawValue) ".utf8
                lines += "\(record.change.rawValue) ".utf8
                lines += record.key
                if let instance = record.instance {
                    lines.append(UInt8(ascii: " "))
                    lines += instance
                }
            }
            lines.append(UInt8(ascii: "\n"))
        }
        return lines
    }
}
