import Access
import LogModel
import TestSupport

/// Random principals, rules and subscriptions to the tasks of a ``TaskMill``.
struct SubscriptionMill {
    var random: SeededGenerator

    init(seed: UInt64) { self.random = SeededGenerator(seed: seed) }

    // MARK: - Who and what may be seen

    mutating func principal() -> Principal {
        switch self.random.below(8) {
        case 0..<4: return self.random.pick(AccessMatrixTests.principals)
        case 4:
            return Principal(
                origin: .apiKey, subject: "k1",
                grant: KeyGrant(
                    actions: [.read], models: self.random.chance(1, in: 2) ? ["tasks.Task"] : []))
        default:
            let lists = (1...3).filter { _ in self.random.chance(1, in: 2) }
            return Principal(
                origin: .token, subject: self.random.pick(TaskMill.owners),
                claims: [
                    "lists": .list(lists.map { .number($0) }),
                    "team": self.random.chance(1, in: 2)
                        ? .scalar(.string("3")) : .list([.number(3), .null]),
                ], scopes: self.random.chance(1, in: 2) ? ["all"] : [],
                isStaff: self.random.chance(1, in: 4))
        }
    }

    mutating func views() -> AccessMatrix.Views {
        if self.random.chance(1, in: 3) { return self.random.pick(AccessMatrixTests.policies) }
        return (0..<1 + self.random.below(3)).map { _ in
            (
                fields: self.random.pick([
                    nil, ["id", "text"], ["id", "list", "state"], ["secret"],
                ]),
                rule: self.rule(depth: 2)
            )
        }
    }

    private mutating func rule(depth: Int) -> Rule {
        switch self.random.below(depth > 0 ? 11 : 8) {
        case 0: return .everyone
        case 1: return self.random.pick([.authenticated, .staff])
        case 2: return self.random.pick([.scope("all"), .claim("team", equals: .number(3))])
        case 3: return .claimContains("lists", .string("2"))
        case 4, 5: return AccessMatrixTests.owner
        case 6, 7: return AccessMatrixTests.member
        case 8: return .not(self.rule(depth: depth - 1))
        case 9: return .all((0..<2).map { _ in self.rule(depth: depth - 1) })
        default: return .any((0..<2).map { _ in self.rule(depth: depth - 1) })
        }
    }

    // MARK: - What is asked for

    /// A message of a client of `livelog.v1`, rest-live 1 or rest-live 2.
    mutating func message() -> String {
        switch self.random.below(6) {
        case 0:
            let (property, value) = self.pair()
            return #"{"model":"tasks.Task","property":"\#(property)","value":\#(value)}"#
        case 1:
            let (property, value) = self.pair()
            let kwargs = self.random.chance(1, in: 3) ? "" : #""\#(property)":\#(value)"#
            return
                #"{"type":"subscribe","id":"a\#(self.random.below(9))","model":"tasks.Task","action":"list","#
                + #""view_kwargs":{\#(kwargs)}}"#
        default:
            var conditions: [String: String] = [:]
            for _ in 0..<self.random.below(4) {
                let (property, test) = self.condition()
                conditions[property] = test
            }
            let filter = conditions.sorted { $0.key < $1.key }.map { #""\#($0.key)":\#($0.value)"# }
            return #"{"subscribe":\#(self.random.below(900)),"model":"tasks.Task","#
                + #""where":{\#(filter.joined(separator: ","))}}"#
        }
    }

    private mutating func pair() -> (property: String, value: String) {
        switch self.random.below(3) {
        case 0: ("owner", "\"\(self.random.pick(TaskMill.owners))\"")
        case 1: ("list", self.random.pick(["1", "2", "\"3\"", "4"]))
        default: ("state", self.random.pick(["\"open\"", "\"done\""]))
        }
    }

    private mutating func condition() -> (property: String, test: String) {
        let (property, value) = self.pair()
        switch self.random.below(8) {
        case 0..<3: return (property, value)
        case 3: return (property, #"{"in":[\#(value),\#(self.pair().value)]}"#)
        case 4: return (property, #"{"!=":\#(value)}"#)
        case 5:
            let order = self.random.pick(["<", "<=", ">", ">="])
            return (
                "list", #"{"\#(order)":\#(self.random.pick(["1", "2.0", "25e-1", "3", "\"2\""]))}"#
            )
        case 6:
            return (
                self.random.pick(["owner", "state"]),
                #"{"prefix":"\#(self.random.pick(["a", "bo", "op", "done"]))"}"#
            )
        default: return ("state", self.random.pick(["null", #"{"!=":null}"#, #"{">":"d"}"#]))
        }
    }
}
