import Foundation
import LogModel
import LogStorage
import TestSupport
import Testing

/// `livelog log explain` and `livelog log what-if` as processes: what they print and how they end.
@Suite struct ExplainCommandTests {
    private static let configuration = """
        unlisted_models: closed
        models:
          todo.Task:
            views:
              - {name: full, who: staff}
              - {name: short, fields: [id], who: {property: list_id, in_claim: lists}}
            publish: nobody
        """
    private static let task = #"{"model":"todo.Task"}"#
    private static let list = #"{"model":"todo.Task","where":{"list_id":1}}"#

    /// Runs `body` with a log and the path of a configuration.
    private static func withLog(_ body: (_ log: String, _ config: String) throws -> Void) throws {
        try withSampleLog { path in
            try withTemporaryDirectory { folder in
                let file = "\(folder)/livelog.yaml"
                try Self.configuration.write(toFile: file, atomically: true, encoding: .utf8)
                try body(path, file)
            }
        }
    }

    @Test func theVerdictComesFirstAndThenEachStep() throws {
        try Self.withLog { path, _ in
            // Offset 4 is task 4, which is new, in list 1.
            let one = try Command("explain", path, "--subscription", Self.list, "--offset", "4")
            #expect(one.status == 0 && one.errors.isEmpty)
            #expect(
                one.lines.first
                    == "delivered as entered, because the instance is new, and in the set")
            let heads = one.lines.map { $0.prefix { $0 != " " } }.filter { !$0.isEmpty }
            #expect(heads == ["delivered", "record", "1", "2", "3", "4", "5", "6", "7", "8"])
            #expect(
                one.output.contains(
                    "list_id=1: not recorded -> 1: did not hold before, holds after"))
            #expect(
                one.output.contains(
                    #""records":[{"offset":4,"action":"UPDATED","change":"entered","key":4,"instance":{"id":4,"list_id":1}}]"#
                ))
            let other = try Command(
                "explain", path, "--subscription", #"{"model":"todo.List"}"#, "--offset", "4")
            #expect(other.status == 0)
            #expect(
                other.lines.first
                    == "not delivered: the record is of the model todo.Task, and todo.List is asked for"
            )
        }
    }

    @Test func aConfigurationDecidesForEachPrincipal() throws {
        try Self.withLog { path, config in
            func explain(_ principal: String, _ subscription: String = Self.task) throws -> [String:
                Any]
            {
                let run = try Command(
                    "explain", path, "--subscription", subscription, "--principal", principal,
                    "--config", config, "--offset", "4", "--format", "json")
                #expect(run.status == 0)
                return try #require(try run.objects().first)
            }
            let staff = try explain(#"{"subject":"a","staff":true}"#)
            #expect(
                staff["verdict"] as? String == "delivered" && staff["set"] as? String == "entered")
            let member = try explain(#"{"subject":"b","claims":{"lists":[1]}}"#)
            #expect((member["view"] as? [String: Any])?["shows"] as? String == "id")
            let message = member["message"] as? [String: Any]
            let record = (message?["records"] as? [[String: Any]])?.first
            #expect((record?["instance"] as? [String: Any])?.count == 1)
            let other = try explain(#"{"subject":"c","claims":{"lists":[2]}}"#)
            #expect(other["verdict"] as? String == "not-delivered" && other["message"] == nil)
            for (subscription, principal) in [
                (Self.task, "{}"), (#"{"model":"no.Such"}"#, #"{"staff":true}"#),
            ] {
                let refused = try explain(principal, subscription)
                let request = refused["request"] as? [String: Any]
                #expect(refused["verdict"] as? String == "not-delivered")
                #expect(request?["refused"] as? Bool == true)
                #expect((request?["answer"] as? String)?.contains("\"forbidden\"") == true)
            }
        }
    }

    @Test func whatIsWrongIsSaid() throws {
        try Self.withLog { path, config in
            for (arguments, message) in [
                (["--subscription", "{"], "the subscription is no JSON: byte 0"),
                (["--subscription", "7"], "the subscription must be a JSON object"),
                (
                    ["--subscription", Self.task, "--principal", "ann"],
                    "the principal is no JSON: byte 0"
                ),
            ] {
                let run = try Command(["explain", path, "--offset", "1"] + arguments, into: "cat")
                #expect(run.status == 64 && run.errors.contains(message), "\(run.errors)")
            }
            #expect(try Command("explain", path, "--subscription", Self.task).status == 64)
            let beyond = try Command(
                "explain", path, "--subscription", Self.task, "--offset", "2000")
            #expect(
                beyond.status == 1
                    && beyond.errors.contains(
                        "there is no record at offset 2000 yet: the log ends at offset 2000")
            )
            let missing = try Command(
                "explain", path, "--subscription", Self.task, "--offset", "1", "--config",
                config + ".not")
            #expect(missing.status == 1 && missing.errors.contains("cannot be read"))
            let unknown = try Command(
                "explain", path, "--subscription", #"{"model":"no.Such"}"#, "--offset", "1")
            #expect(
                unknown.status == 0 && unknown.output.hasPrefix("not delivered: the record is of"))
        }
    }

    @Test func aDamagedRecordIsNamedAndTheOthersAreExplained() throws {
        try Self.withLog { path, _ in
            let name = try #require(
                try FileManager.default.contentsOfDirectory(atPath: path).filter {
                    $0.hasSuffix(".segment")
                }.min())
            let file = URL(filePath: "\(path)/\(name)")
            var bytes = try Data(contentsOf: file)
            // Offset 9 is of task 9, in list 0.
            let place = try #require(bytes.range(of: Data(#"{"id":9,"list_id":0}"#.utf8)))
            bytes[place.lowerBound + 5] ^= 1
            try bytes.write(to: file)
            func explain(_ offset: Int) throws -> Command {
                try Command("explain", path, "--subscription", Self.task, "--offset", "\(offset)")
            }
            let damaged = try explain(9)
            #expect(damaged.status == 1 && damaged.output.isEmpty && damaged.errors.contains(name))
            #expect(try explain(8).status == 0)
            let trial = try Command(
                "what-if", path, "--subscription", Self.task, "--until", "20", "--format", "json")
            #expect(trial.status == 1 && trial.errors.contains(name))
            let object = try trial.objects().first
            #expect(object?["unreadable"] as? Int == 1)
            #expect((object?["delivered"] as? [String: Any])?["records"] as? Int == 15)
        }
    }

    @Test func whatASubscriptionWouldHaveDeliveredIsCounted() throws {
        try Self.withLog { path, _ in
            let run = try Command(
                "what-if", path, "--subscription", Self.task, "--from", "100", "--until", "200",
                "--format", "json")
            #expect(run.status == 0 && run.errors.isEmpty)
            let object = try #require(try run.objects().first)
            let delivered = object["delivered"] as? [String: Int]
            #expect(delivered?["records"] == 80 && object["lookedAt"] as? Int == 80)
            #expect(object["plan"] as? String == "group" && object["first"] as? Int == 101)
            #expect((object["hours"] as? [Any])?.count == 1)
            // Batches of 20 records, each at one moment.
            #expect(object["peakRate"] as? Int == 16 && object["messages"] as? Int == 5)
            let text = try Command("what-if", path, "--subscription", Self.list)
            #expect(text.status == 0 && text.lines.contains { $0.hasPrefix("cost ") })
            let byTime = try Command(
                "what-if", path, "--subscription", Self.task, "--from", "2025-10-09T08:55:00Z",
                "--until", "2025-10-09T08:56:40Z", "--format", "json")
            #expect(try byTime.objects().first?["from"] as? Int == 100)
            #expect(try byTime.objects().first?["until"] as? Int == 200)
        }
    }

    @Test func whatAConfigurationWouldChangeIsNamed() throws {
        try Self.withLog { path, config in
            let members = config + ".principals"
            try """
            {"subject":"a","staff":true}

            {"subject":"b","claims":{"lists":[1]}}
            """.write(toFile: members, atomically: true, encoding: .utf8)
            let run = try Command(
                "what-if", path, "--config", config, "--principals", members, "--principal", "{}",
                "--top", "2", "--format", "json")
            #expect(run.status == 0 && run.errors.isEmpty)
            let object = try #require(try run.objects().first)
            let cells = object["models"] as? [[String: Any]] ?? []
            // Nobody, the staff and a member, of two models.
            #expect(cells.count == 6)
            let lost = cells.map { $0["lost"] as? Int ?? -1 }
            #expect(lost[0] == 400 && lost[1] == 400 && lost[2] == 400)
            #expect(lost[3] == 1600 && lost[4] == 0 && lost[5] > 300 && lost[5] < 1600)
            #expect((object["shown"] as? [Any])?.count == 2)
            let same = try Command(
                "what-if", path, "--config", config, "--present", config, "--principals", members)
            #expect(same.status == 0 && same.lines.contains("0 differences"))
            let text = try Command("what-if", path, "--config", config, "--top", "1")
            #expect(
                text.lines.contains { $0.hasPrefix("lost at 0: todo.List 0, nobody in particular") }
            )
            for arguments in [
                [], ["--subscription", Self.task, "--present", config],
                ["--subscription", Self.task, "--principal", "{}", "--principal", "{}"],
                ["--config", config, "--top", "-1"], ["--config", config, "--from", "soon"],
            ] {
                #expect(try Command(["what-if", path] + arguments, into: "cat").status == 64)
            }
            try "{}\nann\n".write(toFile: members, atomically: true, encoding: .utf8)
            let wrong = try Command("what-if", path, "--config", config, "--principals", members)
            #expect(wrong.status == 1 && wrong.errors.contains("line 2: the principal is no JSON"))
        }
    }
}
