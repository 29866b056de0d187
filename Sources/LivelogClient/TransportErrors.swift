import AsyncHTTPClient
import Glibc
import NIOCore
import NIOPosix
import NIOSSL

extension ClientError {
    /// A failure of a socket in words: the system's own where there are any.
    static func describe(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            guard let first = error.connectionErrors.first?.error else {
                return "the name \(error.host) has no address"
            }
            return "\(error.host):\(error.port): \(Self.describe(first))"
        case let error as IOError:
            return Self.words(ofSystemError: error.errnoCode) ?? error.description
        case let error as ChannelError:
            switch error {
            case .connectTimeout: return "no answer to the attempt to connect"
            case .eof, .alreadyClosed, .ioOnClosedChannel, .inputClosed, .outputClosed:
                return "the connection was closed"
            default: return "\(error)"
            }
        case let error as HTTPClientError:
            if error == .remoteConnectionClosed { return "the connection was closed" }
            return error.shortDescription
        case let error as NIOSSLError:
            let text = "\(error)"
            return text.contains("CERTIFICATE_VERIFY_FAILED")
                ? "the server's certificate is not trusted" : "TLS failed: \(text)"
        default:
            return "\(error)"
        }
    }

    private static func words(ofSystemError code: CInt) -> String? {
        switch code {
        case ECONNREFUSED: "connection refused"
        case ECONNRESET, EPIPE: "connection reset"
        case ECONNABORTED: "connection aborted"
        case ETIMEDOUT: "connection timed out"
        case EHOSTUNREACH: "no route to the host"
        case ENETUNREACH: "network is unreachable"
        default: nil
        }
    }
}
