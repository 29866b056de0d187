import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import WireProtocol

extension Problem {
    /// What an error of the connection says about the request that it was in; nil if it says nothing.
    init?(unreadable error: any Error) {
        if let error = error as? HTTPParserError, error == .headerOverflow {
            self.init(
                status: 431, code: "head-too-large", title: "Too large",
                detail: "a request's fields are too many or too long")
            return
        }
        guard
            error is HTTPParserError || error is HTTP1TypeConversionError
                || error is RequestHeadFault
        else { return nil }
        self.init(
            status: 400, code: "malformed-request", title: "The request cannot be read",
            detail: "this is not HTTP/1.1: \(error)")
    }

    /// The fields of the response with which a connection ends.
    var lastFields: HTTPFields {
        var fields: HTTPFields = [
            .contentType: "application/problem+json", .contentLength: String(self.json.count),
            .cacheControl: "no-store", .connection: "close",
        ]
        if let retryAfter { fields[.retryAfter] = String(retryAfter) }
        return fields
    }
}

extension ChannelHandlerContext {
    /// Ends our half of the connection after what was written, and the other one in a while if the client does not.
    /// (Closing both at once could take from the client what it has not read yet.)
    func end(inSeconds seconds: Int) {
        let channel = self.channel
        self.close(mode: .output, promise: nil)
        self.eventLoop.assumeIsolated().scheduleTask(in: .seconds(Int64(seconds))) {
            channel.close(promise: nil)
        }
    }
}
