import NIOCore
import Replication
import Sessions

/// Writes to the sockets of many sessions one right after the other.
///
/// Whoever reads such sockets on another processor, a proxy or a load test, is then still awake when the next write
/// comes. If something else is done between two writes it has gone to sleep, and to wake it costs the kernel, in the
/// writer's time, as much as half a write.
enum SocketBurst {
    /// Carries out `writes`.
    static func write(_ writes: inout [OutboundWrite]) {
        // What can be written to without its connection is found first. Nothing can close a socket before the writes.
        let connections = writes.map { $0.connection as? WebSocketHandler }
        let sockets = connections.map { $0?.directSocket }
        var counts = [Int](repeating: 0, count: writes.count)
        for (place, socket) in sockets.enumerated() {
            guard let socket else { continue }
            counts[place] = SocketWrite.send(writes[place].bytes.bytes, to: socket)
        }
        for (place, connection) in connections.enumerated() {
            let bytes = writes[place].bytes
            if let connection, sockets[place] != nil {
                guard counts[place] < bytes.bytes.count else { continue }
                writes[place].canTakeMore = connection.noteSent(counts[place], of: bytes.bytes)
            } else {
                writes[place].canTakeMore = writes[place].connection.send(bytes)
            }
        }
    }
}
