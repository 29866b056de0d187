import Glibc
import NIOCore

// Raw memory: send(2) takes a pointer, used within the call, to an array that is held; and the socket's number is NIO's.

/// Writing to a socket without NIO: for connections whose bytes nobody changes on their way.
///
/// A fan-out is one system call for each socket, and what NIO does around it costs a quarter of that. NIO goes
/// on to own the socket, and takes what the kernel does not take at once.
enum SocketWrite {
    /// The socket under `channel`, which must not be used once the channel is closed; nil if it has none.
    static func socket(of channel: any Channel) throws -> NIOBSDSocket.Handle? {
        try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { $0 }
    }

    /// Gives `bytes` to the kernel. Returns how many it took; 0 also on an error, which NIO then meets.
    static func send(_ bytes: [UInt8], to socket: NIOBSDSocket.Handle) -> Int {
        bytes.withUnsafeBytes { buffer in
            while true {
                let count = Glibc.send(
                    socket, buffer.baseAddress, buffer.count,
                    CInt(MSG_DONTWAIT | MSG_NOSIGNAL))
                if count >= 0 { return count }
                guard errno == EINTR else { return 0 }
            }
        }
    }
}
