import HTTPTypes
import Hummingbird
import HummingbirdCore
import LogModel
import LogStorage
import NIOCore
import Replication
import WireProtocol

extension Problem {
    /// What a failure of the log means to the one who made the request.
    init(_ error: StorageError, appended: Receipt?) {
        let (status, title): (Int, String) =
            switch error.code {
            case .diskFull: (507, "No space")
            case .batchTooLarge: (413, "Too large")
            case .forbidden: (403, "Not allowed")
            case .sequenceTooOld: (409, "Sequence too old")
            case .retained: (410, "No longer kept")
            case .poisoned, .io, .corrupt, .locked, .notALog: (503, "The log takes no appends")
            }
        self.init(
            status: status, code: error.code.rawValue, title: title, detail: error.message,
            appended: appended, retryAfter: error.code == .diskFull ? 5 : nil)
    }

    /// What a full or closed queue means to the one who made the request.
    init(_ refusal: IngressQueue.Refusal) {
        switch refusal {
        case .full:
            self.init(
                status: 503, code: "overloaded", title: "Overloaded",
                detail:
                    "too many changes wait to be appended; nothing of this request was: try again",
                retryAfter: 1)
        case .closed:
            self.init(
                status: 503, code: "stopping", title: "Stopping",
                detail: "the server stops; nothing of this request was appended: try again",
                retryAfter: 1)
        }
    }
}

extension Response {
    /// A response with a problem document.
    init(_ problem: Problem) {
        self = .json(
            HTTPResponse.Status(code: problem.status), "application/problem+json", problem.json)
        // Some statuses may be kept by caches unless they are told otherwise.
        self.headers[.cacheControl] = "no-store"
        if let seconds = problem.retryAfter {
            self.headers[.retryAfter] = String(seconds)
        }
        if problem.status == 401 { self.headers[.wwwAuthenticate] = "Bearer" }
        switch problem.status {
        // What is left of a body is not waited for; and who stops takes no more requests.
        case 408: self.headers[.connection] = "close"
        case 503 where problem.code == "stopping": self.headers[.connection] = "close"
        case 426:
            self.headers[.connection] = "Upgrade"
            self.headers[.upgrade] = "websocket"
            self.headers[.secWebSocketVersion] = "13"
        default: break
        }
    }

    /// A response with a body.
    static func json(_ status: HTTPResponse.Status, _ type: String, _ body: [UInt8]) -> Response {
        .json(
            status, type, ResponseBody(byteBuffer: ByteBuffer(bytes: body)), byteCount: body.count)
    }

    /// The same, with a body that is written in its own way.
    static func json(
        _ status: HTTPResponse.Status, _ type: String, _ body: ResponseBody, byteCount: Int
    ) -> Response {
        Response(
            status: status,
            headers: [
                .contentType: type, .contentLength: String(byteCount),
                // What it contains is the producers' and must not be taken for a page.
                .xContentTypeOptions: "nosniff",
            ],
            body: body)
    }
}
