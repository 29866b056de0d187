import Hummingbird
import NIOCore

/// What a route knows of a request besides the request.
struct EdgeContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The loop that the connection is on.
    let eventLoop: any EventLoop

    init(source: ApplicationRequestContextSource) {
        self.coreContext = CoreRequestContextStorage(source: source)
        self.eventLoop = source.channel.eventLoop
    }
}
