import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Transport

/// The server's WebSockets, with whoever sends back what they get where the sessions would be.
///
///     websocket-echo [BYTES [FRAMES]]      most of a message; default: what a session may send
///
/// Prints "listening on PORT" and runs until it is killed.
@main
struct WebSocketEcho {
    static func main() async throws {
        let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        let message = MessageReader.Limits(
            byteCountMax: numbers.first ?? 64 << 10,
            frameCountMax: numbers.count > 1 ? numbers[1] : 64)
        let limits = WebSocketLimits(
            message: message, socketByteCountMax: 32 << 20, closeSecondsMax: 5,
            quietTicksBeforePing: 2, quietTicksMax: 6)
        // One loop has one read buffer, and this server one loop.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let readBuffer = try await group.next().submit { [loop = group.next()] in
            NIOLoopBound(ReadBuffer(), eventLoop: loop)
        }.get()
        let pipeline = UpgradablePipeline<Void>(
            handshakeSecondsMax: 15, agree: { _ in HTTPHeaders() },
            becomeWebSocket: { channel, _, _ in
                let peer = EchoPeer(limits: limits, readBuffer: readBuffer.value)
                try WebSocketConnection(peer: peer, writesDirectly: true).add(to: channel)
            },
            becomeHTTP: { $0.close(promise: nil) })
        let server = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { _ = try pipeline.configure(channel) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        print("listening on \(server.localAddress?.port ?? 0)")
        // Whoever waits for the line reads a pipe.
        fflush(nil)
        try await server.closeFuture.get()
    }
}

/// Sends back what it gets.
private struct EchoPeer: WebSocketPeer {
    let limits: WebSocketLimits
    let readBuffer: ReadBuffer

    func open(_ connection: WebSocketConnection<EchoPeer>) {}

    func receive(text message: [UInt8], from: Void, _ connection: WebSocketConnection<EchoPeer>) {
        _ = connection.send(Self.frame(0x81, message))
    }

    func receive(binary message: [UInt8], from: Void, _ connection: WebSocketConnection<EchoPeer>) {
        _ = connection.send(Self.frame(0x82, message))
    }

    func becomeWritable(_ member: Void) {}

    func leave(_ member: Void, _ connection: WebSocketConnection<EchoPeer>) {}

    private static func frame(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        var frame = ByteBuffer()
        frame.writeInteger(first)
        switch payload.count {
        case ...125: frame.writeInteger(UInt8(payload.count))
        case ...0xFFFF:
            frame.writeInteger(UInt8(126))
            frame.writeInteger(UInt16(payload.count))
        default:
            frame.writeInteger(UInt8(127))
            frame.writeInteger(UInt64(payload.count))
        }
        return frame.readableBytesView + payload
    }
}
