import LogModel
import Testing

struct SetChangeTests {
    @Test(arguments: [
        (false, false, Action.created, SetChange?.none), (false, false, .deleted, nil),
        (false, true, .created, .entered), (false, true, .updated, .entered),
        (false, true, .deleted, .entered), (true, true, .updated, .updated),
        (true, true, .created, .updated), (true, true, .deleted, .updated),
        (true, false, .updated, .left), (true, false, .created, .left),
        (true, false, .deleted, .deleted),
    ])
    func whatARecordDidIsKnownFromBeforeAndAfter(
        wasIn: Bool, isIn: Bool, action: Action, expected: SetChange?
    ) {
        #expect(SetChange(wasIn: wasIn, isIn: isIn, action: action) == expected)
    }

    @Test(arguments: Membership.allCases, Action.allCases)
    func aMembershipMeansTheSameAsBeforeAndAfter(membership: Membership, action: Action) {
        let change = SetChange(
            wasIn: membership != .entered, isIn: membership != .left, action: action)
        #expect(SetChange(membership, action: action) == change)
    }
}
