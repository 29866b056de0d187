import LogModel
import Testing

struct SetChangeTests {
    @Test(
        arguments: [
            (.entered, .created, .entered), (.entered, .updated, .entered),
            (.stayed, .created, .updated), (.stayed, .updated, .updated),
            (.left, .updated, .left), (.left, .created, .left), (.left, .deleted, .deleted),
        ] as [(Membership, Action, SetChange)])
    func whatARecordMeansToAGroupFollowsFromMembershipAndAction(
        membership: Membership, action: Action, change: SetChange
    ) {
        #expect(SetChange(membership, action: action) == change)
    }
}
