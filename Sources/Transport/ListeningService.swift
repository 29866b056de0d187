import Glibc
import Hummingbird
import NIOCore
import ServiceLifecycle

/// Serving as a part that is started and stopped; says in words why it cannot listen.
struct ListeningService<Wrapped: ApplicationProtocol>: Service {
    let application: Wrapped
    let address: String

    func run() async throws {
        do {
            try await self.application.run()
        } catch let error as IOError {
            throw ListenError(address: self.address, error)
        }
    }
}

/// Why no connections can be accepted, in words.
package struct ListenError: Error, CustomStringConvertible {
    /// What is wrong, and what to do about it.
    package let description: String

    init(address: String, _ error: IOError) {
        let reason =
            switch error.errnoCode {
            case EADDRINUSE: "another process listens there: stop it, or listen elsewhere"
            case EACCES: "this user may not listen there: choose a port from 1024"
            case EADDRNOTAVAIL: "this machine does not have that address"
            default: String(cString: strerror(error.errnoCode))
            }
        self.description = "cannot listen on \(address): \(reason)"
    }
}
