import CLZ4
import Testing

@Suite struct LinkTests {
    @Test func theLinkedLZ4IsRecentEnough() {
        #expect(LZ4_versionNumber() >= 10900)
    }
}
