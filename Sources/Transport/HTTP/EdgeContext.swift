import Access
import Hummingbird
import NIOCore

/// What a route knows of a request besides the request.
struct EdgeContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The connection.
    let channel: any Channel
    /// Who asks.
    var principal = Principal.anonymous
    /// Where they are.
    var client = ClientAddress()

    init(source: ApplicationRequestContextSource) {
        self.coreContext = CoreRequestContextStorage(source: source)
        self.channel = source.channel
    }
}
