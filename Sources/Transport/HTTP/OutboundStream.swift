import Hummingbird
import HummingbirdCore
import NIOCore
import Replication
import WireProtocol

/// Writes a session's stream into a response, until its client goes or there is nothing more.
struct OutboundStream: Sendable {
    let hubs: EventLoopHubs
    /// The loop that the client's connection is on.
    let eventLoop: any EventLoop
    let dialect: Dialect
    let request: SubscriptionRequest

    /// Runs until the session ends, the task is cancelled, or a write fails.
    @concurrent func run(_ writer: inout any ResponseBodyWriter) async throws {
        let eventLoop = self.eventLoop
        let connection = try await eventLoop.submit {
            NIOLoopBound(
                StreamConnection(
                    hub: self.hubs.hub(of: eventLoop), eventLoop: eventLoop,
                    dialect: self.dialect, self.request), eventLoop: eventLoop)
        }.get()
        defer { eventLoop.execute { connection.value.leave() } }
        try await withTaskCancellationHandler {
            while let buffer = try await eventLoop.flatSubmit({ connection.value.next() }).get() {
                try await writer.write(buffer)
            }
        } onCancel: {
            eventLoop.execute { connection.value.leave() }
        }
        try await writer.finish(nil)
    }
}
