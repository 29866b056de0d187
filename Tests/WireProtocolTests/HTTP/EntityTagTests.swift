import Testing
import WireProtocol

@Suite struct EntityTagTests {
    private static let tag = EntityTag(low: 0x1, high: 0xFEDC_BA98_7654_3210)

    @Test func aTagIsAQuotedText() {
        #expect(Self.tag.text == "\"0000000000000001fedcba9876543210\"")
    }

    @Test(arguments: [
        ["*"], ["\"0000000000000001fedcba9876543210\""],
        ["W/\"0000000000000001fedcba9876543210\""],
        ["\"other\", \"0000000000000001fedcba9876543210\""],
        ["\"other\"", " \"0000000000000001fedcba9876543210\" "],
    ])
    func whoHasItIsTold(fields: [String]) {
        #expect(Self.tag.isIn(ifNoneMatch: fields))
    }

    @Test(arguments: [
        [], [""], ["\"other\""], ["0000000000000001fedcba9876543210"],
        ["\"0000000000000001fedcba987654321\""],
    ])
    func whoHasAnotherGetsIt(fields: [String]) {
        #expect(!Self.tag.isIn(ifNoneMatch: fields))
    }
}
