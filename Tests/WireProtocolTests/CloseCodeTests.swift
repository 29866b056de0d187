import Testing
import WireProtocol

struct CloseCodeTests {
    @Test(
        arguments: [
            (.goingAway, 1001, true), (.protocolError, 1002, false), (.invalidText, 1007, false),
            (.messageTooBig, 1009, false), (.internalError, 1011, true), (.silent, 4408, true),
            (.unread, 4429, true),
        ] as [(CloseCode, UInt16, Bool)])
    func aCodeSaysWhetherToReconnect(code: CloseCode, number: UInt16, asksToReconnect: Bool) {
        #expect(code.rawValue == number)
        #expect(code.asksToReconnect == asksToReconnect)
    }

    @Test func everyCodeIsInOneRangeAndTheRangesDoNotMeet() {
        for code in CloseCode.allCases {
            let ranges = (CloseCode.reconnectRanges + CloseCode.finalRanges).filter {
                $0.contains(code.rawValue)
            }
            #expect(ranges.count == 1, "\(code)")
        }
        for range in CloseCode.reconnectRanges {
            #expect(CloseCode.finalRanges.allSatisfy { !$0.overlaps(range) })
        }
    }
}
