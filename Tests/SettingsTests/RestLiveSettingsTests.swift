import Access
import LogModel
import Settings
import Testing

/// What a configuration says of clients of django-rest-live.
struct RestLiveSettingsTests {
    private struct NoFiles: SettingsFiles {
        func read(_ name: String) -> Result<String, SettingsFileError> {
            .failure(SettingsFileError("\(name) is not there"))
        }

        func place(of name: String) -> String { name }
    }

    private static func settings(_ yaml: String) throws(SettingsError) -> Settings {
        try Settings(yaml: yaml, files: NoFiles())
    }

    @Test func pathsSayWhoConnectsAndWhatModelsAreCalled() throws {
        let restLive = try Self.settings(
            """
            rest_live:
              strict: true
              paths:
                - path: /ws/private/
                  who: authenticated
                  models: {todolist.Task: "todolist.Task@private"}
                - {path: /live, who: everyone}
            """
        ).restLive
        #expect(restLive.isStrict)
        #expect(restLive.paths.map(\.path) == ["/ws/private", "/live"])
        let path = try #require(restLive.path("/ws/private/"))
        #expect(restLive.path("/ws/private") == path)
        #expect(restLive.path("/ws/other") == nil)
        #expect(!path.admits(.anonymous))
        #expect(path.admits(Principal(origin: .token, subject: "a")))
        let options = restLive.options(at: path)
        #expect(options.isStrict)
        #expect(options.label(of: "todolist.Task") == "todolist.Task@private")
        #expect(options.name(of: "todolist.Task@private") == "todolist.Task")
        #expect(options.label(of: "todolist.List") == nil)
        // Where no models are named all are there.
        let live = restLive.options(at: restLive.path("/live"))
        #expect(live.label(of: "todolist.List") == "todolist.List")
        #expect(live.name(of: "todolist.List") == nil)
        #expect(try Self.settings("models: {}").restLive == RestLivePolicy())
    }

    @Test func aLookupIsAGroupAndNoAlias() throws {
        let policy = try Self.settings(
            """
            models:
              page: {key: uid, lookup: slug, groups: [list], views: [{who: everyone}]}
              plain: {lookup: id}
            """
        ).policy
        #expect(policy.modelRules["page"]?.lookup == "slug")
        #expect(policy.modelRules["page"]?.recordedGroups == ["uid", "list", "slug"])
        #expect(policy.models["plain"]?.lookup == nil)
    }

    static let wrong: [(yaml: String, line: Int, reason: String)] = [
        ("rest_live: true", 1, "mapping"),
        ("rest_live: {strikt: true}", 1, "did you mean \"strict\""),
        ("rest_live: {strict: maybe}", 1, "true or false"),
        ("rest_live:\n  paths:\n    - {path: /a/}", 3, "who: authenticated"),
        ("rest_live:\n  paths:\n    - {who: staff}", 3, "path: /ws/private/"),
        ("rest_live:\n  paths:\n    - {path: a, who: staff}", 3, "begins with /"),
        ("rest_live:\n  paths:\n    - {path: \"/a?b\", who: staff}", 3, "begins with /"),
        ("rest_live:\n  paths:\n    - {path: //, who: staff}", 3, "begins with /"),
        ("rest_live:\n  paths:\n    - {path: /ws/subscribe/, who: staff}", 3, "server's own"),
        ("rest_live:\n  paths:\n    - {path: /v1/changes, who: staff}", 3, "server's own"),
        (
            "rest_live:\n  paths:\n    - {path: /a/, who: staff}\n    - {path: /a, who: staff}", 4,
            "twice"
        ),
        (
            "rest_live:\n  paths:\n    - {path: /a, who: {property: p, equals_claim: sub}}", 3,
            "must not name a property"
        ),
        (
            "rest_live:\n  paths:\n    - path: /a\n      who: staff\n      models: {a: c, b: c}", 5,
            "has a name here already"
        ),
        (
            "rest_live:\n  paths:\n    - path: /a\n      who: staff\n      models: {\"a b\": c}", 5,
            "letters, digits"
        ),
        (
            "rest_live:\n  paths: ["
                + Array(repeating: "{path: /a, who: staff}", count: 65).joined(separator: ", ")
                + "]", 2, "at most 64 paths"
        ),
        ("models:\n  m:\n    lookup: [a]", 3, "text"),
        ("models:\n  m:\n    lookup: slug\n    aliases: {slug: id}", 4, "property of the model"),
    ]

    @Test(arguments: wrong.indices)
    func whatIsWrongIsToldWithItsLine(_ index: Int) throws {
        expectFault(Self.wrong[index]) { (yaml) throws(SettingsError) in try Self.settings(yaml) }
    }
}
