import Access
import Identity
import LogModel
import Settings
import Testing

/// Configuration files: what they say, and what is wrong with them.
struct SettingsTests {
    private static let example = """
        listen: 127.0.0.1:9000
        data: ./log
        origins: ["https://app.example.com"]
        tokens:
          - issuer: https://id.example.com
            audience: livelog
            keys:
              - {id: a, algorithm: HS256, secret_file: jwt.secret}
            clock_skew: 10
        models:
          todolist.Task:
            groups: [list_id]
            style: camelCase
            views:
              - name: full
                who: staff
              - name: short
                fields: [id, text]
                who:
                  any:
                    - {property: owner_id, equals_claim: sub}
                    - {property: list_id, in_claim: lists}
            publish: {scope: "tasks:write"}
          todolist.List:
            views: [{who: {all: [authenticated, {not: {claim: banned, equals: true}}]}}]
        grants:
          - {model: lists.Membership, subject: user_id, value: list_id, claim: lists}
        """

    private struct Files: SettingsFiles {
        func read(_ name: String) -> Result<String, SettingsFileError> {
            name == "jwt.secret"
                ? .success("0123456789abcdef0123456789abcdef\n")
                : .failure(SettingsFileError("\(name) cannot be read: No such file or directory"))
        }

        func place(of name: String) -> String { "beside/" + name }
    }

    private static func settings(_ yaml: String) throws(SettingsError) -> Settings {
        try Settings(yaml: yaml, files: Files())
    }

    @Test func anExampleSaysWhatItSays() throws {
        let settings = try Self.settings(Self.example)
        #expect(settings.listen == "127.0.0.1:9000")
        #expect(settings.data == "./log")
        #expect(settings.origins == ["https://app.example.com"])
        let issuer = try #require(settings.identity.issuers.first)
        #expect(issuer.issuer == "https://id.example.com")
        #expect(issuer.skewSeconds == 10)
        #expect(issuer.keys.first?.material == "0123456789abcdef0123456789abcdef")
        #expect(!settings.policy.isOpen)
        let task = try #require(settings.policy.models["todolist.Task"])
        #expect(task.groups == ["list_id"])
        #expect(task.views.map(\.view.name) == ["full", "short"])
        #expect(task.views.map(\.view.usesCamelCase) == [true, true])
        #expect(task.views.map(\.view.fields) == [nil, ["id", "text"]])
        #expect(
            task.views.map(\.rule) == [
                .staff,
                .any([
                    .property("owner_id", equalsClaim: "sub"),
                    .member("list_id", ofClaim: "lists"),
                ]),
            ])
        #expect(task.publish == .scope("tasks:write"))
        let list = try #require(settings.policy.models["todolist.List"])
        #expect(list.views.map(\.view) == [.whole])
        #expect(
            list.views.map(\.rule) == [
                .all([.authenticated, .not(.claim("banned", equals: .boolean(true)))])
            ])
        #expect(list.publish == .any([]))
        #expect(
            settings.policy.grants == [
                GrantRule(
                    model: "lists.Membership", subject: "user_id", value: "list_id", claim: "lists")
            ])
    }

    @Test func limitsAreWhatTheFileSaysAndNothingElse() throws {
        let settings = try Self.settings(
            """
            trusted_proxies: [10.0.0.0/8, "::1"]
            limits:
              connections_per_address: 7
              bytes_per_second: 1000000000
            """)
        var limits = LimitSettings()
        limits.connectionsPerAddress = 7
        limits.bytesPerSecond = 1_000_000_000
        #expect(settings.limits == limits)
        let proxy = try #require(IPAddress("10.1.2.3"))
        #expect(settings.trustedProxies.contains(proxy))
        #expect(try Self.settings("models: {}").limits == LimitSettings())
    }

    @Test func aModelSaysItsKeyGroupsAndAliases() throws {
        let settings = try Self.settings(
            """
            models:
              a:
                key: uid
                groups: [list_id]
                aliases: {list: list_id, pk: uid, o: owner}
                publish: {property: owner, equals_claim: sub}
              b: {aliases: {list: list_id}}
            """)
        let model = try #require(settings.policy.models["a"])
        #expect(model.key == "uid")
        #expect(model.recordedGroups == ["uid", "list_id", "owner"])
        #expect(model.aliases == ["list": "list_id", "pk": "uid", "o": "owner"])
        #expect(settings.policy.modelRules["b"]?.property("list") == "list_id")
        #expect(settings.policy.models["b"]?.recordedGroups == nil)
    }

    private static let many = (0..<63).map { "g\($0)" }.joined(separator: ", ")
    private static let owned = "{property: o, equals_claim: sub}"
    private static let long = String(repeating: "x", count: 129)

    /// A file, the line of what is wrong with it, and words of the reason.
    private static let wrong: [(String, Int, String)] = [
        ("", 1, "empty"),
        ("models: [", 2, "not YAML"),
        ("models:\n  a: {}\n  a: {}", 2, "twice"),
        ("- a", 1, "mapping"),
        ("model: {}", 1, "did you mean \"models\""),
        ("models: {}\nextras: {}", 2, "there is no \"extras\" here; there are api_keys"),
        ("limits: {connections_per_adress: 5}", 1, "did you mean \"connections_per_address\""),
        ("limits:\n  messages_per_second: 0", 2, "1 to 1000000"),
        ("limits:\n  silence_seconds: 2", 2, "3 to 3600"),
        ("trusted_proxies:\n  - 10.0.0.0/8\n  - 10.0.0.0/33", 3, "an address or a network"),
        ("models:\n  a b: {}", 2, "label"),
        ("models:\n  a:\n    view: []", 3, "did you mean \"views\""),
        ("models:\n  a:\n    views: {}", 3, "list"),
        ("models:\n  a:\n    views:\n      - {name: x}", 4, "for whom"),
        ("models:\n  a:\n    views:\n      - {who: everybody}", 4, "no rule"),
        ("models:\n  a:\n    views:\n      - who: {scope: a, claim: b}", 4, "no rule"),
        ("models:\n  a:\n    views:\n      - who: {any: []}", 4, "not empty"),
        ("models:\n  a:\n    views:\n      - who: {claim: a, equals: null}", 4, "null"),
        (
            "models:\n  a:\n    views:\n      - who: {claim: a, equals: [1]}", 4,
            "a string, a number"
        ),
        ("models:\n  a:\n    groups: [x, x]", 3, "twice"),
        ("models:\n  a:\n    groups: [[x]]", 3, "text"),
        (
            "models:\n  a:\n    groups: [\(many)]\n    key: uid\n    publish: \(owned)", 3,
            "65 groups"
        ),
        ("models:\n  a:\n    publish: {property: \(long), equals_claim: sub}", 3, "1 to 128 bytes"),
        ("models:\n  a:\n    key: [id]", 3, "text"),
        ("models:\n  a:\n    aliases: [list]", 3, "mapping"),
        ("models:\n  a:\n    aliases: {\(long): x}", 3, "1 to 128 bytes"),
        ("models:\n  a:\n    aliases:\n      x: []", 4, "text"),
        (
            "models:\n  a:\n    groups: [x]\n    aliases: {y: z}", 4,
            "\"z\" is no group of the model"
        ),
        (
            "models:\n  a:\n    groups: [x]\n    aliases: {x: id}", 4,
            "is a property of the model itself"
        ),
        (
            "models:\n  a:\n    key: uid\n    aliases:\n      uid: x", 5,
            "is a property of the model itself"
        ),
        (
            "models:\n  a:\n    publish: \(owned)\n    aliases: {o: x}", 4,
            "is a property of the model itself"
        ),
        ("models:\n  a:\n    aliases: {x: y, y: z}", 3, "is an alias itself"),
        ("models:\n  a:\n    aliases: {x: x}", 3, "is an alias itself"),
        ("models:\n  a:\n    aliases: {x: y, x: z}", 3, "twice"),
        ("models:\n  a:\n    style: snake", 3, "camelCase"),
        ("unlisted_models: maybe", 1, "closed"),
        ("origins: [\"app.example.com\"]", 1, "a scheme"),
        ("origins: [\"https://app.example.com/path\"]", 1, "a scheme"),
        ("origins: [\"*\"]", 1, "a scheme"),
        ("tokens:\n  - {issuer: a}", 2, "audience"),
        ("tokens:\n  - {issuer: a, audience: b}", 2, "keys"),
        ("tokens:\n  - {issuer: a, audience: b, keys: [{algorithm: none}]}", 2, "HS256"),
        ("tokens:\n  - {issuer: a, audience: b, keys: [{algorithm: HS256}]}", 2, "secret_file"),
        (
            "tokens:\n  - {issuer: a, audience: b, keys: [{algorithm: HS256, secret_file: x}]}", 2,
            "x cannot be read"
        ),
        ("tokens:\n  - {issuer: a, audience: b, jwks_file: y}", 2, "y cannot be read"),
        ("tokens:\n  - {issuer: a, audience: b, clock_skew: 301}", 2, "0 to 300"),
        ("tokens:\n  - {issuer: a, audience: b, jwks_url: \"https://c\"}", 2, "algorithms"),
        (
            "tokens:\n  - {issuer: a, audience: b, jwks_url: \"https://c\", algorithms: [HS256]}",
            2,
            "key set"
        ),
        ("connect_callback: {url: \"https://c\"}", 1, "cookies"),
        ("api_keys: keys.jsonl", 1, "cannot be read"),
        ("decision_callback: {url: \"https://c\"}", 1, "secret_file"),
        ("models:\n  m: {views: [{who: {ask: q}}]}", 2, "decision_callback"),
        ("models:\n  m: {views: [{who: {ask: [q]}}]}", 2, "text of 1 to 256"),
        ("models:\n  m: {views: [{who: {any: [staff, {ask: q}]}}]}", 2, "not below any"),
        ("models:\n  m: {views: [{who: {not: {ask: q}}}]}", 2, "not below any"),
        ("models:\n  m: {views: [{who: {all: [{ask: q}, {ask: r}]}}]}", 2, "one thing"),
        ("models:\n  m: {publish: {ask: q}}", 2, "not of who publishes"),
        ("grants: {}", 1, "list"),
        ("grants:\n  - {model: m, subject: s, value: v}", 2, "claim is missing"),
        ("grants:\n  - {model: m, subject: s, value: v, claim: sub}", 2, "somebody else"),
        ("grants:\n  - {model: m, subject: s, value: v, clam: c}", 2, "did you mean \"claim\""),
    ]

    @Test(arguments: wrong.indices)
    func whatIsWrongIsToldWithItsLine(_ index: Int) throws {
        expectFault(Self.wrong[index]) { (yaml) throws(SettingsError) in try Self.settings(yaml) }
    }

    @Test func whatTheApplicationIsAskedIsPartOfAView() throws {
        let settings = try Self.settings(
            """
            decision_callback: {url: "http://127.0.0.1:8000/decide", secret_file: jwt.secret, timeout: 5}
            models:
              m:
                views:
                  - {who: {ask: alone}}
                  - {who: {all: [staff, {ask: beside}, {property: o, equals_claim: sub}]}}
                  - {who: everyone}
            """)
        let views = try #require(settings.policy.models["m"]?.views)
        #expect(views.map(\.question) == ["alone", "beside", nil])
        #expect(
            views.map(\.rule) == [
                .everyone, .all([.staff, .property("o", equalsClaim: "sub")]), .everyone,
            ])
        let callback = try #require(settings.identity.decisions)
        #expect(callback.url == "http://127.0.0.1:8000/decide")
        #expect(callback.timeoutSeconds == 5)
    }

    @Test func allThatIsWrongIsToldAtOnce() throws {
        do {
            _ = try Self.settings("modles: {}\nunlisted_models: maybe\norigins: 7")
            Issue.record("it was taken")
        } catch {
            #expect(error.findings.map(\.line) == [1, 2, 3])
            #expect(error.text(file: "c.yaml").hasPrefix("c.yaml:1:1: "))
        }
    }

    @Test func aRuleOfTooManyWaysIsRefused() throws {
        let pair = "{any: [{property: a, equals_claim: b}, {property: c, equals_claim: d}]}"
        func yaml(_ count: Int) -> String {
            let all = Array(repeating: pair, count: count).joined(separator: ", ")
            return "models:\n  m:\n    views:\n      - who: {all: [\(all)]}"
        }
        _ = try Self.settings(yaml(6))
        #expect(throws: SettingsError.self) { try Self.settings(yaml(7)) }
    }

    /// A file that is small and says very much by its aliases.
    @Test func aliasesDoNotMakeItEndless() throws {
        var yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<12 {
            let parts = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            yaml += "a\(level): &a\(level) [\(parts)]\n"
        }
        yaml += "models: {m: {views: [{who: {any: *a11}}]}}\n"
        #expect(throws: SettingsError.self) { try Self.settings(yaml) }
    }

    /// Whatever becomes of a file, it is taken, or refused with lines that it has.
    @Test(arguments: 0..<300)
    func aSpoiltFileIsTakenOrRefused(_ seed: Int) {
        var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1
        func below(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var bytes = Array(Self.example.utf8)
        for _ in 0..<(1 + below(4)) {
            let place = below(bytes.count)
            switch below(4) {
            case 0: bytes[place] = UInt8(32 + below(95))
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(contentsOf: Array("- {[:&*!\n ".utf8), at: place)
            default: bytes.removeSubrange(place..<min(bytes.count, place + below(60)))
            }
            if bytes.isEmpty { bytes = [UInt8(ascii: "a")] }
        }
        let yaml = String(decoding: bytes, as: UTF8.self)
        let lines = yaml.split(separator: "\n", omittingEmptySubsequences: false).count
        do {
            _ = try Self.settings(yaml)
        } catch {
            #expect(!error.findings.isEmpty)
            #expect(error.findings.allSatisfy { (1...lines + 1).contains($0.line) })
        }
    }
}
