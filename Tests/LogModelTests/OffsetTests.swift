import LogModel
import Testing

struct OffsetTests {
    @Test func offsetsCountFromZero() {
        #expect(Offset.zero.rawValue == 0)
        #expect(Offset.zero.previous == nil)
        #expect(Offset.zero.next == Offset(1))
        #expect(Offset(1).previous == .zero)
        #expect(Offset(.max).previous == Offset(.max - 1))
    }

    @Test func offsetsAreOrderedAsNumbers() {
        #expect(Offset(9) < Offset(10))
        #expect(Offset(UInt64(Int64.max)) < Offset(.max))
        #expect([Offset(3), Offset(1), Offset(2)].sorted() == [Offset(1), Offset(2), Offset(3)])
    }

    @Test(arguments: [(0, 0), (12, 0), (12, 5)] as [(UInt64, Int)])
    func distanceUndoesAdvance(start: UInt64, count: Int) {
        let base = Offset(start)
        #expect(base.advanced(by: count).distance(from: base) == count)
    }

    @Test func anOffsetIsWrittenAsANumber() {
        #expect("\(Offset(1_234_567))" == "1234567")
    }

    // What traps is printed, because the optimiser drops a sum that nobody uses, and its trap with it.

    @Test func theOffsetAfterTheLastTraps() async {
        await #expect(processExitsWith: .failure) { print(Offset(.max).next) }
    }

    @Test func goingBackTraps() async {
        await #expect(processExitsWith: .failure) { print(Offset(5).advanced(by: -1)) }
    }

    @Test func goingTooFarTraps() async {
        await #expect(processExitsWith: .failure) { print(Offset(.max - 1).advanced(by: 2)) }
    }

    @Test func aNegativeDistanceTraps() async {
        await #expect(processExitsWith: .failure) { print(Offset(4).distance(from: Offset(5))) }
    }

    @Test func aReceiptCountsItsRecords() {
        let receipt = Receipt(
            epoch: Epoch(1), first: Offset(12), last: Offset(14), isDurable: true,
            isRepeated: false)
        #expect(receipt.count == 3)
    }
}
