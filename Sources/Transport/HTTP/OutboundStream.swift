import Access
import Hummingbird
import HummingbirdCore
import NIOCore
import Replication
import WireProtocol

/// Writes a session's stream into a response, until its client goes or there is nothing more.
struct OutboundStream: Sendable {
    let hubs: EventLoopHubs
    /// The client's connection.
    let channel: any Channel
    let dialect: Dialect
    let principal: Principal
    let access: AccessControl
    let request: SubscriptionRequest

    /// Runs until the session ends, the task is cancelled, or a write fails.
    @concurrent func run(_ writer: inout any ResponseBodyWriter) async throws {
        let eventLoop = self.channel.eventLoop
        let connection = try await eventLoop.submit {
            NIOLoopBound(
                StreamConnection(
                    hub: self.hubs.hub(of: eventLoop), channel: self.channel,
                    dialect: self.dialect, principal: self.principal,
                    under: self.access, self.request), eventLoop: eventLoop)
        }.get()
        defer { eventLoop.execute { connection.value.leave() } }
        try await withTaskCancellationHandler {
            while let buffer = try await eventLoop.flatSubmit({ connection.value.next() }).get() {
                try await writer.write(inPieces: buffer)
            }
        } onCancel: {
            eventLoop.execute { connection.value.leave() }
        }
        try await writer.finish(nil)
    }
}
