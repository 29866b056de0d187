import LivelogClient
import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@Suite struct FrameInboxTests {
    @Test(arguments: 0..<24)
    func aMessageMayArriveInAnyPieces(cut: Int) async throws {
        let socket = try await TestSocket()
        let iterator = try #require(socket.messages).makeAsyncIterator()
        // The first message in one frame, the second in two, and the bytes of both in two pieces.
        let bytes: [UInt8] =
            [0x81, 6] + Array("abcdef".utf8) + [0x01, 2] + Array("gh".utf8) + [0x00, 3]
            + Array("ijk".utf8) + [0x80, 4] + Array("lmno".utf8)
        try #require(cut <= bytes.count)
        try await socket.receive(Array(bytes[..<cut]))
        try await socket.receive(Array(bytes[cut...]))
        #expect(try await iterator.next().map { String(buffer: $0) } == "abcdef")
        #expect(try await iterator.next().map { String(buffer: $0) } == "ghijklmno")
    }

    @Test func pingsAreAnsweredInBetween() async throws {
        let socket = try await TestSocket()
        try await socket.receive([0x89, 2] + Array("hi".utf8))
        var pong = try await socket.channel.waitForOutboundWrite(as: WebSocketFrame.self)
        #expect(pong.opcode == .pong)
        #expect(pong.maskKey != nil)
        #expect(pong.data.readString(length: 2) == "hi")
    }

    @Test func theSocketRestsWhileMessagesWait() async throws {
        let socket = try await TestSocket()
        let iterator = try #require(socket.messages).makeAsyncIterator()
        socket.channel.read()
        try await socket.settle()
        #expect(socket.reads.count == 1)
        for text in ["a", "b", "c"] {
            try await socket.receive([0x81, 1] + Array(text.utf8))
        }
        socket.channel.read()
        socket.channel.read()
        try await socket.settle()
        #expect(socket.reads.count == 1)

        #expect(try await iterator.next().map { String(buffer: $0) } == "a")
        #expect(try await iterator.next().map { String(buffer: $0) } == "b")
        #expect(try await iterator.next().map { String(buffer: $0) } == "c")
        try await socket.settle()
        #expect(socket.reads.count == 2)
    }

    @Test func aSlowReaderSaysThatItIsAlive() async throws {
        let socket = try await TestSocket()
        let iterator = try #require(socket.messages).makeAsyncIterator()
        let loop = socket.channel.testingEventLoop
        for text in ["a", "b", "c"] {
            try await socket.receive([0x81, 1] + Array(text.utf8))
        }
        for _ in 0..<3 {
            await loop.advanceTime(by: FrameInbox.lifeSignInterval)
            let pong = try await socket.channel.readOutbound(as: WebSocketFrame.self)
            #expect(pong?.opcode == .pong)
        }
        for _ in 0..<3 { _ = try await iterator.next() }
        try await socket.settle()
        await loop.advanceTime(by: .hours(1))
        let last = try await socket.channel.readOutbound(as: WebSocketFrame.self)
        #expect(last == nil)
    }

    @Test(
        arguments: [
            ([0x88, 2, 0x03, 0xE9], ClientError.Code.unavailable), ([0x88, 0], .unavailable),
            ([0x88, 2, 0x03, 0xEA], .refused), ([0x82, 0], .protocolViolation),
            ([0x80, 0], .protocolViolation), ([0x01, 0, 0x81, 0], .protocolViolation),
            ([0x81, 0x7F, 0, 0, 0, 1, 0, 0, 0, 0], .protocolViolation),
        ] as [([UInt8], ClientError.Code)])
    func whatEndsAConnectionComesAfterItsMessages(
        bytes: [UInt8], code: ClientError.Code
    ) async throws {
        let socket = try await TestSocket()
        let iterator = try #require(socket.messages).makeAsyncIterator()
        try await socket.receive([0x81, 1] + Array("a".utf8))
        try? await socket.receive(bytes)
        #expect(try await iterator.next().map { String(buffer: $0) } == "a")
        var failure: ClientError?
        do {
            _ = try await iterator.next()
        } catch {
            failure = error as? ClientError
        }
        #expect(failure?.code == code)
        try await socket.settle()
        #expect(!socket.channel.isActive)
    }

    @Test(
        arguments: [
            (1000, .unavailable), (1001, .unavailable), (1002, .refused), (1003, .refused),
            (1004, .unavailable), (1006, .unavailable), (1007, .refused), (1008, .refused),
            (1009, .refused), (1010, .refused), (1011, .unavailable), (1014, .unavailable),
            (3000, .unavailable), (4000, .unavailable), (4408, .unavailable), (4429, .unavailable),
            (4499, .unavailable), (4500, .refused), (4999, .refused), (nil, .unavailable),
        ] as [(UInt16?, ClientError.Code)])
    func theRangeOfACloseCodeSaysWhetherToComeBack(code: UInt16?, error: ClientError.Code) {
        #expect(ClientError(closeCode: code, reason: "x").code == error)
    }

    @Test func droppingTheMessagesClosesTheConnection() async throws {
        let socket = try await TestSocket()
        socket.messages = nil
        try await socket.settle()
        var close = try await socket.channel.waitForOutboundWrite(as: WebSocketFrame.self)
        #expect(close.opcode == .connectionClose)
        #expect(close.data.readInteger(as: UInt16.self) == 1000)
        #expect(!socket.channel.isActive)
    }
}
