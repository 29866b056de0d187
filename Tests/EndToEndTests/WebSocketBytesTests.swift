import NIOCore
import NIOPosix
import Testing

/// What no client library would send, byte by byte: the server says why it closes, and then does.
@Suite struct WebSocketBytesTests {
    /// What a client sends after the handshake, and the last frame of the server's before the end.
    struct Conversation: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let sent: [UInt8]
        let closeCode: UInt16
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            Conversation(
                testDescription: "not masked", sent: [0x81, 0x02] + Array("{}".utf8),
                closeCode: 1002),
            Conversation(
                testDescription: "a reserved bit", sent: masked(0xC1, "{}"), closeCode: 1002),
            Conversation(
                testDescription: "an unknown opcode", sent: masked(0x83, "{}"), closeCode: 1002),
            Conversation(
                testDescription: "a length in more bytes than it needs",
                sent: [0x81, 0xFE, 0, 2, 0, 0, 0, 0] + Array("{}".utf8), closeCode: 1002),
            Conversation(
                testDescription: "a length of 2^63",
                sent: [0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0], closeCode: 1002),
            Conversation(
                testDescription: "a fragmented ping", sent: masked(0x09, ""), closeCode: 1002),
            Conversation(
                testDescription: "a ping of 126 bytes", sent: [0x89, 0xFE, 0, 126], closeCode: 1002),
            Conversation(
                testDescription: "an unknown control frame", sent: masked(0x8B, ""),
                closeCode: 1002),
            Conversation(
                testDescription: "a fragment of nothing", sent: masked(0x80, "{}"),
                closeCode: 1002),
            Conversation(
                testDescription: "a message within a message",
                sent: masked(0x01, "{") + masked(0x81, "}"), closeCode: 1002),
            Conversation(
                testDescription: "half a close code", sent: masked(0x88, [3]), closeCode: 1002),
            Conversation(
                testDescription: "a close with a reason that is not UTF-8",
                sent: masked(0x88, [3, 232, 0xFF]), closeCode: 1007),
            Conversation(
                testDescription: "text that is not UTF-8, over two frames",
                sent: masked(0x01, [0xC3]) + masked(0x80, [0x28]), closeCode: 1007),
            Conversation(
                testDescription: "text that ends within a character",
                sent: masked(0x81, [0xE2, 0x82]), closeCode: 1007),
            Conversation(
                testDescription: "a close code that is not sent", sent: masked(0x88, [3, 237]),
                closeCode: 1002),
            Conversation(
                testDescription: "more than a message may have, announced",
                sent: [0x81, 0xFF, 0, 0, 0, 0, 0, 1, 0, 1], closeCode: 1009),
            Conversation(
                testDescription: "a message in more frames than it may have",
                sent: masked(0x01, "") + Array(repeatElement(masked(0x00, ""), count: 64).joined()),
                closeCode: 1009),
            Conversation(
                testDescription: "text that is not UTF-8, in a frame that is not all there",
                sent: [0x81, 0xFD, 0, 0, 0, 0, 0x22, 0xFF], closeCode: 1007),
            Conversation(
                testDescription: "a close of the client's",
                sent: masked(0x88, [3, 232] + Array("bye".utf8)),
                closeCode: 1000),
            Conversation(
                testDescription: "words after a close",
                sent: masked(0x88, [3, 233]) + masked(0x81, "{}"),
                closeCode: 1001),
        ])
    func theServerClosesWithTheReason(_ conversation: Conversation) async throws {
        try await withServer { server in
            // The frames come with the request, and after it: neither way loses a byte.
            for comesAtOnce in [true, false] {
                let answer = try await server.webSocketAnswer(
                    to: conversation.sent, atOnce: comesAtOnce)
                let frames = try #require(Frames(answer), "\(answer)")
                #expect(frames.closeCode == conversation.closeCode)
                #expect(frames.all.count == 1)
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func aPingIsAnsweredAtOnceAlsoWithinAMessage() async throws {
        try await withServer { server in
            let subscribe = #"{"subscribe":7,"model":"m","from":"now"}"#
            let sent =
                masked(0x01, String(subscribe.prefix(9))) + masked(0x89, "are you there")
                + masked(0x80, String(subscribe.dropFirst(9))) + masked(0x88, [3, 232])
            let answer = try await server.webSocketAnswer(to: sent, atOnce: true)
            let frames = try #require(Frames(answer), "\(answer)")
            #expect(frames.all.first?.opcode == 0x8A)
            #expect(frames.all.first?.payload == Array("are you there".utf8))
            let text = String(decoding: frames.all.dropFirst().first?.payload ?? [], as: UTF8.self)
            #expect(text.contains(#""subscribed":7"#))
            #expect(frames.closeCode == 1000)
        }
    }
}

/// A client's frame, masked with a key of its own.
private func masked(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
    let key: [UInt8] = [0xA1, 0x02, 0xF3, 0x44]
    return [first, 0x80 | UInt8(payload.count)] + key
        + payload.indices.map { payload[$0] ^ key[$0 % 4] }
}

private func masked(_ first: UInt8, _ text: String) -> [UInt8] { masked(first, Array(text.utf8)) }

/// What a server sent after the handshake.
private struct Frames {
    var all: [(opcode: UInt8, payload: [UInt8])] = []

    /// Nil if these are not whole, unmasked frames of the shortest form, the last of them a close.
    init?(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let opcode = rest.popFirst(), var count = rest.popFirst().map({ Int($0) }),
                count < 127
            else { return nil }
            if count == 126 {
                guard let high = rest.popFirst(), let low = rest.popFirst() else { return nil }
                count = Int(high) << 8 | Int(low)
            }
            guard rest.count >= count else { return nil }
            self.all.append((opcode, Array(rest.prefix(count))))
            rest = rest.dropFirst(count)
        }
        guard self.all.last?.opcode == 0x88 else { return nil }
    }

    var closeCode: UInt16? {
        guard let payload = self.all.last?.payload, payload.count >= 2 else { return nil }
        return UInt16(payload[0]) << 8 | UInt16(payload[1])
    }
}

extension LivelogServer {
    /// Opens a WebSocket, sends `bytes`, and reads until the server ends the connection. Returns what came
    /// after the handshake.
    ///
    /// - Parameter atOnce: whether the bytes are sent with the request, before it is answered.
    fileprivate func webSocketAnswer(to bytes: [UInt8], atOnce: Bool) async throws -> [UInt8] {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel)
                }
            }
        let request = """
            GET /ws/subscribe/ HTTP/1.1\r
            Host: livelog\r
            Connection: Upgrade\r
            Upgrade: websocket\r
            Sec-WebSocket-Version: 13\r
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
            Sec-WebSocket-Protocol: livelog.v1\r
            \r

            """
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(bytes: Array(request.utf8) + (atOnce ? bytes : [])))
            var answer = ""
            var afterHandshake: [UInt8]?
            for try await piece in inbound {
                if afterHandshake != nil {
                    afterHandshake?.append(contentsOf: piece.readableBytesView)
                    continue
                }
                answer += String(decoding: piece.readableBytesView, as: Unicode.ASCII.self)
                guard let end = answer.firstRange(of: "\r\n\r\n") else { continue }
                #expect(answer.hasPrefix("HTTP/1.1 101 "), "\(answer)")
                let headCount = answer.unicodeScalars[..<end.upperBound].count
                afterHandshake = Array(
                    piece.readableBytesView.suffix(answer.unicodeScalars.count - headCount))
                if !atOnce { try await outbound.write(ByteBuffer(bytes: bytes)) }
            }
            return afterHandshake ?? []
        }
    }
}
