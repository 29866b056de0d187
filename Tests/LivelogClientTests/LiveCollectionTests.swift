import LivelogClient
import NIOWebSocket
import Testing

@Suite(.timeLimit(.minutes(1))) struct LiveCollectionTests {
    @Test func theItemsStayUntilWhatWasMissedIsThere() async throws {
        let requests = Recorder<String?>()
        let first: ScriptedServer.Script = { socket in
            var socket = socket
            requests.add(try await socket.received())
            try await socket.send(#"{"subscribed":1,"plan":"group","snapshot":"requested"}"#)
            try await socket.send(
                #"{"snapshot":1,"records":[\#(Self.entered(1, "a"))],"more":true}"#)
            try await socket.send(
                #"{"snapshot":1,"records":[\#(Self.entered(2, "b"))],"token":"t2"}"#)
            try await socket.send(#"{"covered":1,"token":"t2","live":true}"#)
        }
        let breaking: ScriptedServer.Script = { socket in
            var socket = socket
            requests.add(try await socket.received())
            try await socket.send(#"{"subscribed":1,"token":"t2","plan":"group"}"#)
            // These are forgotten: their token never comes.
            try await socket.send(
                #"{"changes":1,"records":[\#(Self.entered(3, "c"))],"more":true}"#)
            try await socket.close(.unexpectedServerError)
        }
        let resetting: ScriptedServer.Script = { socket in
            var socket = socket
            requests.add(try await socket.received())
            try await socket.send(#"{"reset":1,"reason":"retained","message":"gone"}"#)
            _ = try await socket.received()
        }
        let replacing: ScriptedServer.Script = { socket in
            var socket = socket
            requests.add(try await socket.received())
            try await socket.send(#"{"subscribed":1,"plan":"group","snapshot":"requested"}"#)
            try await socket.send(
                #"{"snapshot":1,"records":[\#(Self.entered(2, "b"))],"token":"t9","partial":true}"#)
            try await socket.send(#"{"covered":1,"token":"t9","live":true}"#)
            _ = try await socket.received()
        }
        let scripts = [first, breaking, resetting, replacing]
        try await ScriptedServer.run(scripts) { url in
            let client = try LivelogClient(server: url, configuration: Self.configuration)
            let collection = client.collection(of: Subscription(model: "m", from: .snapshot))
            #expect(await collection.state == .connecting)
            var seen: [String] = []
            for try await update in collection {
                let items = await collection.items.keys.sorted().joined(separator: ",")
                seen.append("\(update.state) [\(items)] \(update.changes.count)")
                #expect(await collection.state == update.state)
                let isEnd = await collection.token == "t9" && update.state == .live
                if isEnd { break }
            }
            #expect(
                seen == [
                    "loading [] 0", "loading [1,2] 2", "live [1,2] 0",
                    "reconnecting [1,2] 0", "loading [1,2] 0",
                    "reconnecting [1,2] 0",  // The reset comes before the server accepts anything.
                    "loading [1,2] 0", "loading [2] 1", "live [2] 0",
                ])
            #expect(await collection.isPartial)
        }
        let places = requests.all.compactMap { request in
            request.flatMap { $0.firstMatch(of: /"from":"(\w+)"/)?.1 }.map(String.init)
        }
        #expect(places == ["snapshot", "t2", "t2", "snapshot"])
    }

    @Test(
        arguments: [
            (#"{"reset":1,"reason":"snapshot-too-large","message":"no"}"#, ClientError.Code.reset),
            (#"{"error":1,"code":"invalid-filter","message":"no"}"#, .refused),
        ])
    func whatASnapshotCannotMendEndsTheCollection(
        message: String, code: ClientError.Code
    ) async throws {
        let script: ScriptedServer.Script = { socket in
            var socket = socket
            _ = try await socket.received()
            try await socket.send(message)
            _ = try await socket.received()
        }
        try await ScriptedServer.run([script]) { url in
            let client = try LivelogClient(server: url, configuration: Self.configuration)
            let collection = client.collection(of: Subscription(model: "m", from: .snapshot))
            let error = await #expect(throws: ClientError.self) { try await collection.next() }
            #expect(error?.code == code)
            let failure = try #require(error)
            #expect(await collection.state == .failed(failure))
            #expect(try await collection.next() == nil)
            #expect(await collection.state == .failed(failure))
        }
    }

    @Test func oneTaskAtATimeIterates() async throws {
        let script: ScriptedServer.Script = { socket in
            var socket = socket
            _ = try await socket.received()
            try await socket.send(#"{"subscribed":1,"token":"t0"}"#)
            _ = try await socket.received()
        }
        try await ScriptedServer.run([script]) { url in
            let client = try LivelogClient(server: url, configuration: Self.configuration)
            let collection = client.collection(of: Subscription(model: "m"))
            _ = try await collection.next()
            // Both wait for an update that never comes; whichever is second is told so.
            await withTaskGroup(of: ClientError?.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        do throws(ClientError) {
                            _ = try await collection.next()
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                #expect(
                    await group.next()
                        == .some(
                            .some(
                                ClientError(
                                    .invalidArgument, "another task iterates over the collection")))
                )
                group.cancelAll()
                #expect(await group.next() == .some(.none))
            }
            #expect(await collection.state == .ended)
        }
    }

    private static func entered(_ number: Int, _ text: String) -> String {
        #"{"offset":\#(number),"action":"CREATED","change":"entered","key":\#(number),"#
            + #""instance":{"id":\#(number),"text":"\#(text)"}}"#
    }

    private static var configuration: ClientConfiguration {
        var configuration = ClientConfiguration()
        configuration.clock = ImmediateClock()
        return configuration
    }
}
