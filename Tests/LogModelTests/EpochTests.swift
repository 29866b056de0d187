import LogModel
import Testing

struct EpochTests {
    @Test(
        arguments: [
            (0, "0000000000000000"), (1, "0000000000000001"), (0xABCD, "000000000000abcd"),
            (0x2726_2524_2322_2120, "2726252423222120"), (.max, "ffffffffffffffff"),
        ] as [(UInt64, String)])
    func anEpochIsSixteenDigits(number: UInt64, text: String) {
        #expect(Epoch(number).text == text)
        #expect("\(Epoch(number))" == text)
    }
}
