import Testing
import WireProtocol

struct OutboundFrameTests {
    /// RFC 6455 section 5.2: the length in 7, 16 or 64 bits, whichever is the first to hold it.
    @Test(
        arguments: [
            (0, [0x81, 0]),
            (1, [0x81, 1]),
            (125, [0x81, 125]),
            (126, [0x81, 126, 0, 126]),
            (255, [0x81, 126, 0, 255]),
            (256, [0x81, 126, 1, 0]),
            (65535, [0x81, 126, 0xFF, 0xFF]),
            (65536, [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
            (0x0102_0304_0506_0708, [0x81, 127, 1, 2, 3, 4, 5, 6, 7, 8]),
        ] as [(Int, [UInt8])])
    func aHeaderIsAsShortAsItCanBe(count: Int, header: [UInt8]) {
        var bytes: [UInt8] = []
        OutboundFrame.appendTextHeader(count: count, to: &bytes)
        #expect(bytes == header)
    }

    @Test func framesFollowEachOther() {
        var bytes: [UInt8] = []
        OutboundFrame.append(text: Array("ab".utf8), to: &bytes)
        OutboundFrame.append(text: [], to: &bytes)
        OutboundFrame.append(text: Array("c".utf8), to: &bytes)
        #expect(bytes == [0x81, 2, 0x61, 0x62, 0x81, 0, 0x81, 1, 0x63])
    }
}
