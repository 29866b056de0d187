import Access
import LogModel
import LogStorage
import Matching
import Replication
import Sessions
import TestSupport
import Testing
import WireProtocol

/// Every principal, every rule and every way to read, against an oracle that knows the rules only.
struct AccessMatrixTests {
    static let owner = Rule.property("owner", equalsClaim: "sub")
    static let member = Rule.member("list", ofClaim: "lists")

    /// Each a model's views in order.
    static let policies: [[(fields: [String]?, rule: Rule)]] = [
        [(nil, .everyone)],
        [(nil, .authenticated)],
        [(nil, .staff), (["id", "text"], .everyone)],
        [(nil, .scope("all")), (["id"], .claim("team", equals: .number(3)))],
        [(nil, .claimContains("roles", .string("auditor")))],
        [(nil, owner)],
        [(["id", "text", "state"], member)],
        [(nil, .any([owner, .staff])), (["id", "list"], member)],
        [(nil, .all([member, .not(owner)])), (["secret"], owner), (["id"], .authenticated)],
        [(nil, .not(.any([owner, member])))],
        [(nil, .all([.authenticated, .any([owner, member])]))],
    ]

    static let principals: [Principal] = [
        .anonymous,
        Principal(
            origin: .token, subject: "alice",
            claims: [
                "lists": .list([.number(1), .number(2)]), "team": .scalar(.number(3)),
                "roles": .list([.string("auditor")]),
            ]),
        Principal(origin: .token, subject: "bob", claims: ["lists": .list([])], scopes: ["all"]),
        Principal(
            origin: .application, subject: "carol", claims: ["lists": .list([.string("3")])],
            isStaff: true),
        Principal(origin: .token, subject: "dave"),
    ]

    static let filters: [(property: String, value: Scalar)?] = [
        nil, ("list", .number(1)), ("owner", .string("alice")), ("state", .null),
    ]

    @Test(arguments: policies.indices)
    func everyReaderGetsWhatTheOracleAllowsAndNothingElse(_ index: Int) throws {
        let views = Self.policies[index]
        for seed in 0..<2 {
            let findings = try AccessMatrix(seed: UInt64(seed), served: views, expected: views)
                .disagreements()
            #expect(findings == [], "seed \(seed)")
        }
    }

    /// The same rules, but the application knows them and not the server: of one view, or of all of them; at once, or
    /// late and in any order.
    @Test(arguments: policies.indices, [false, true])
    func whatTheApplicationDecidesIsShownAndNothingElse(_ index: Int, _ isLate: Bool) throws {
        let views = Self.policies[index]
        let all = Set(views.indices)
        for asked in Set(views.indices.map { [$0] } + [all]) {
            var matrix = AccessMatrix(
                seed: UInt64(index) + 3, served: views, expected: views, asked: asked)
            matrix.isLate = isLate
            let findings = try matrix.disagreements()
            #expect(findings == [], "asked about \(asked)")
        }
    }

    /// An application that is too kind: the matrix has to see that.
    @Test(arguments: policies.indices)
    func anApplicationThatAllowsTooMuchIsSeen(_ index: Int) throws {
        let views = Self.policies[index]
        for place in views.indices where views[place].rule != .everyone {
            var holed = views
            holed[place].rule = .everyone
            let findings = try AccessMatrix(
                seed: 1, served: holed, expected: views, asked: [place]
            ).disagreements()
            #expect(!findings.isEmpty, "a hole in what is asked of view \(place)")
        }
    }

    /// Each rule as part of a policy, replaced by one that admits everybody: the matrix has to see that.
    @Test(arguments: policies.indices)
    func aHoleInAnyRuleIsSeen(_ index: Int) throws {
        let views = Self.policies[index]
        for place in views.indices where views[place].rule != .everyone {
            var holed = views
            holed[place].rule = .everyone
            let findings = try AccessMatrix(seed: 1, served: holed, expected: views)
                .disagreements()
            #expect(!findings.isEmpty, "a hole in view \(place)")
        }
    }

    /// A field too many in any view.
    @Test(arguments: policies.indices)
    func aFieldTooManyIsSeen(_ index: Int) throws {
        let views = Self.policies[index]
        for place in views.indices where views[place].fields != nil {
            var holed = views
            holed[place].fields = nil
            let findings = try AccessMatrix(seed: 1, served: holed, expected: views)
                .disagreements()
            #expect(!findings.isEmpty, "all fields in view \(place)")
        }
    }

    /// Rights change in the middle: nothing that comes after is of before.
    @Test(arguments: policies.indices, [0, 3, 5])
    func whoLosesRightsSeesNothingMore(_ before: Int, _ after: Int) throws {
        let matrix = AccessMatrix(
            seed: 7, served: Self.policies[before], expected: Self.policies[before])
        let findings = try matrix.disagreements(changingTo: Self.policies[after])
        #expect(findings == [])
    }
}
