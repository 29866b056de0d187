import Access
import LogModel
import Testing

/// What is left of rules for one principal.
struct RuleTests {
    private static let alice = Principal(
        origin: .token, subject: "alice",
        claims: [
            "team": .scalar(.number(3)), "lists": .list([.number(1), .string("2"), .null]),
            "none": .list([]), "nothing": .scalar(.null),
        ], scopes: ["tasks:write"])
    private static let staff = Principal(origin: .token, subject: "s", isStaff: true)

    private static let always: [[Condition]] = [[]]
    private static let never: [[Condition]] = []

    private static func isIn(_ property: Text, _ values: Scalar...) -> Condition {
        Condition(property: property, test: .isIn(values))
    }

    private static func isNot(_ property: Text, _ values: Scalar...) -> Condition {
        Condition(property: property, test: .isNot(values))
    }

    private static let table: [(Rule, Principal, [[Condition]])] = [
        (.everyone, .anonymous, always),
        (.not(.everyone), alice, never),
        (.authenticated, .anonymous, never),
        (.authenticated, alice, always),
        (.not(.authenticated), .anonymous, always),
        (.staff, alice, never),
        (.staff, staff, always),
        (.scope("tasks:write"), alice, always),
        (.scope("tasks:read"), alice, never),
        (.claim("team", equals: .number(3)), alice, always),
        (.claim("team", equals: .string("3")), alice, always),
        (.claim("team", equals: .number(4)), alice, never),
        (.claim("team", equals: .number(3)), staff, never),
        (.not(.claim("team", equals: .number(3))), staff, always),
        (.claim("lists", equals: .number(1)), alice, never),
        (.claimContains("lists", .number(2)), alice, always),
        (.claimContains("lists", .number(3)), alice, never),
        (.property("owner", equalsClaim: "sub"), alice, [[isIn("owner", .string("alice"))]]),
        (.property("owner", equalsClaim: "sub"), .anonymous, never),
        (.not(.property("owner", equalsClaim: "sub")), .anonymous, never),
        (.not(.property("owner", equalsClaim: "sub")), alice, [[isNot("owner", .string("alice"))]]),
        (.property("owner", equalsClaim: "nothing"), alice, never),
        (.property("owner", equalsClaim: "lists"), alice, never),
        (.member("list", ofClaim: "lists"), alice, [[isIn("list", .number(1), .string("2"))]]),
        (.member("list", ofClaim: "none"), alice, never),
        (.not(.member("list", ofClaim: "none")), alice, always),
        (.not(.member("list", ofClaim: "unknown")), alice, never),
        (.all([]), alice, always),
        (.any([]), alice, never),
        (.all([.authenticated, .staff]), alice, never),
        (
            .all([.authenticated, .property("owner", equalsClaim: "sub")]), alice,
            [[isIn("owner", .string("alice"))]]
        ),
        (.any([.staff, .property("owner", equalsClaim: "sub")]), staff, always),
        (
            .any([.member("list", ofClaim: "lists"), .property("owner", equalsClaim: "sub")]),
            alice,
            [[isIn("list", .number(1), .string("2"))], [isIn("owner", .string("alice"))]]
        ),
        (
            .not(
                .any([
                    .property("owner", equalsClaim: "sub"), .property("team", equalsClaim: "team"),
                ])
            ), alice, [[isNot("owner", .string("alice")), isNot("team", .number(3))]]
        ),
    ]

    @Test(arguments: table.indices)
    func aRuleLeavesWhatIsNotKnownOfThePrincipal(_ index: Int) {
        let (rule, principal, expected) = Self.table[index]
        #expect(rule.alternatives(for: principal) == expected, "\(rule)")
    }

    @Test func principalsOfOneClassHaveOneSight() {
        let policy = AccessPolicy(
            models: [
                ModelPolicy(
                    model: "m",
                    views: [
                        .init(view: View(name: "full"), rule: .staff),
                        .init(view: View(name: "short", fields: ["id"]), rule: .everyone),
                    ], publish: .any([]))
            ], isOpen: false)
        let bob = Principal(origin: .token, subject: "bob")
        #expect(policy.sight(of: Self.alice, on: "m") == policy.sight(of: bob, on: "m"))
        #expect(policy.sight(of: Self.alice, on: "m") != policy.sight(of: Self.staff, on: "m"))
        #expect(policy.sight(of: Self.alice, on: "m") == policy.sight(of: .anonymous, on: "m"))
    }

    @Test func viewsThatShowTheSameAreTheSame() {
        let view = View(name: "v", fields: ["b", "a", "b"])
        #expect(view == View(name: "v", fields: ["a", "b"]))
        #expect(view.number == View(name: "v", fields: ["a", "b"]).number)
        for other in [
            View(name: "w", fields: ["a", "b"]), View(name: "v", fields: ["a"]), View(name: "v"),
            View(name: "v", fields: ["a", "b"], rendering: "r"),
            View(name: "v", fields: ["a", "b"], usesCamelCase: true), .whole, .nothing,
        ] {
            #expect(view != other)
        }
    }

    @Test func whatIsNotNamedIsNobodysUnlessTheServerIsOpen() {
        let closed = AccessPolicy(isOpen: false)
        #expect(closed.sight(of: Self.staff, on: "m").isNothing)
        #expect(closed.publishing(by: Self.staff, on: "m").isEmpty)
        #expect(AccessPolicy.open.sight(of: .anonymous, on: "m") == .everything)
        #expect(AccessPolicy.open.publishing(by: .anonymous, on: "m") == [[]])
    }

    @Test func anAPIKeyIsForItsModelsAndActions() {
        func key(_ actions: Set<KeyGrant.Action>, _ models: Set<Text>?) -> Principal {
            Principal(
                origin: .apiKey, subject: "key", grant: KeyGrant(actions: actions, models: models))
        }
        let policy = AccessPolicy(
            models: [ModelPolicy(model: "m", views: [], publish: .any([]))], isOpen: true)
        #expect(policy.sight(of: key([.read], nil), on: "m") == .everything)
        #expect(policy.sight(of: key([.read], ["n"]), on: "m").isNothing)
        #expect(policy.sight(of: key([.publish], nil), on: "n").isNothing)
        #expect(policy.publishing(by: key([.publish], ["m"]), on: "m") == [[]])
        #expect(policy.publishing(by: key([.publish], ["m"]), on: "n").isEmpty)
        #expect(policy.publishing(by: key([.read, .operate], nil), on: "m").isEmpty)
    }

    @Test func nobodyAsksForWhatTheirViewsDoNotShow() {
        let shown: Rule = .any([.everyone, .property("text", equalsClaim: "sub")])
        func mayAsk(_ property: Text, key: Text = "id", groups: [Text]?, by rule: Rule) -> Bool {
            let policy = AccessPolicy(
                models: [
                    ModelPolicy(
                        model: "m", key: key, groups: groups,
                        views: [.init(view: View(name: "short", fields: ["text"]), rule: rule)],
                        publish: .any([]))
                ], isOpen: false)
            let condition = Condition(property: property, test: .isIn([.number(1)]))
            #expect(policy.filter(Filter(model: "n"), for: .anonymous) == nil)
            return policy.filter(Filter(model: "m", conditions: [condition]), for: .anonymous)
                != nil
        }
        for (property, groups, rule, expected) in [
            ("text", nil, .everyone, true), ("id", nil, .everyone, true),
            ("secret", nil, .everyone, false), ("list", ["list"], .everyone, true),
            ("id", ["list"], .everyone, true), ("secret", ["list"], .everyone, false),
            // What is shown, and carried by records only if a rule names it.
            ("text", ["list"], .everyone, false), ("text", ["list"], shown, true),
        ] as [(Text, [Text]?, Rule, Bool)] {
            #expect(
                mayAsk(property, groups: groups, by: rule) == expected,
                "\(property) of \(groups ?? [])")
        }
        #expect(mayAsk("uid", key: "uid", groups: nil, by: .everyone))
        #expect(!mayAsk("id", key: "uid", groups: nil, by: .everyone))
    }

    @Test func changesAreReadByTheRulesOfWhatMayBePublished() {
        let policy = AccessPolicy(
            models: [
                ModelPolicy(model: "m", key: "uid", views: [], publish: .staff),
                ModelPolicy(
                    model: "n", key: "uid", views: [],
                    publish: .property("owner", equalsClaim: "sub")),
            ], isOpen: false)
        func shown(to principal: Principal) -> [Bool] {
            let rules = PublishCheck(principal, under: policy).rules
            return ["m", "n", "o"].map { rules[$0] != nil }
        }
        #expect(shown(to: .anonymous) == [false, false, false])
        #expect(shown(to: Self.alice) == [false, true, false])
        #expect(shown(to: Self.staff) == [true, true, false])
    }

    @Test func onlyModelsOfWhichSomethingIsSaidHaveRules() {
        let policy = AccessPolicy(
            models: [
                ModelPolicy(model: "plain", views: [], publish: .staff),
                ModelPolicy(
                    model: "m", key: "uid", groups: ["list"], aliases: ["l": "list"],
                    views: [
                        .init(view: .whole, rule: .all([.not(.member("team", ofClaim: "t"))]))
                    ],
                    publish: .any([.property("owner", equalsClaim: "sub"), .staff])),
            ], isOpen: true)
        #expect(policy.modelRules["plain"] == nil)
        #expect(
            policy.modelRules["m"]
                == ModelRules.Model(
                    label: "m", key: "uid", recordedGroups: ["uid", "list", "team", "owner"],
                    aliases: ["l": "list"]))
        #expect(AccessPolicy.open.modelRules.isEmpty)
        let granting = AccessPolicy(
            models: ["m", "n"].map {
                ModelPolicy(model: $0, groups: [], views: [], publish: .staff)
            },
            grants: [GrantRule(model: "m", subject: "user", value: "list", claim: "lists")],
            isOpen: false)
        #expect(granting.modelRules["m"]?.recordedGroups == ["id", "user", "list"])
        #expect(granting.modelRules["n"]?.recordedGroups == ["id"])
    }
}
