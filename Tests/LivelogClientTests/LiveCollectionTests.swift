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
            // A snapshot, as it does not say otherwise.
            let collection = client.collection(of: Subscription(model: "m"))
            #expect(await collection.state == .connecting)
            var seen: [String] = []
            for try await update in collection {
                let keys = await collection.items.keys.map(\.description)
                let items = keys.sorted().joined(separator: ",")
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
            let collection = client.collection(of: Subscription(model: "m"))
            let failure = try #require(await Self.failure(of: collection))
            #expect(failure.code == code)
            #expect(await collection.state == .failed(failure))
            #expect(await Self.failure(of: collection) == nil, "there is nothing more to come")
            #expect(await collection.state == .failed(failure))
            await collection.close()
            #expect(await collection.state == .failed(failure))
        }
    }

    @Test func aSubscriptionThatCannotBeUsedEndsTheCollection() async throws {
        let client = try LivelogClient(server: "http://127.0.0.1:1")
        let collection = client.collection(of: Subscription(model: ""))
        let failure = try #require(await Self.failure(of: collection))
        #expect(failure.code == .invalidArgument)
        #expect(await collection.state == .failed(failure))
    }

    /// With a wrong port in the URL nothing ever happened, and nothing said why.
    @Test func aServerThatCannotBeReachedIsSeen() async throws {
        let url = try await ScriptedServer.run([]) { $0 }
        let client = try LivelogClient(server: url, configuration: Self.configuration)
        let events = Recorder<ConnectionEvent>()
        let collection = client.collection(of: Subscription(model: "m")) { events.add($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for try await _ in collection {} }
            await events.wait(for: 3)
            #expect(await collection.lastFailure?.code == .unreachable)
            #expect(await collection.state == .connecting)
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    /// A view that went away left a collection that called itself live, and that no view could follow again.
    @Test func aCollectionIsLiveOnlyWhileSomebodyIterates() async throws {
        let requests = Recorder<String?>()
        let closed = Recorder<String?>()
        let scripts: [ScriptedServer.Script] = ["t1", "t2", "t3"].map { token in
            { socket in
                var socket = socket
                requests.add(try await socket.received())
                try await socket.send(#"{"subscribed":1,"token":"t0"}"#)
                try await socket.send(#"{"covered":1,"token":"\#(token)","live":true}"#)
                closed.add(try await socket.received())
            }
        }
        try await ScriptedServer.run(scripts) { url in
            let client = try LivelogClient(server: url, configuration: Self.configuration)
            let collection = client.collection(of: Subscription(model: "m"))
            // Left by a break.
            for try await update in collection where update.state == .live {
                #expect(await collection.state == .live)
                break
            }
            await closed.wait(for: 1)
            #expect(await collection.state == .reconnecting)
            #expect(await collection.token == "t1")
            // Left by a cancellation, with an iterator that is still there.
            try await withThrowingTaskGroup(of: Void.self) { group in
                let live = Recorder<Bool>()
                group.addTask {
                    var iterator = collection.makeAsyncIterator()
                    while let update = try await iterator.next(isolation: nil) {
                        if update.state == .live { live.add(true) }
                    }
                    #expect(await collection.state == .reconnecting)
                }
                await live.wait(for: 1)
                group.cancelAll()
                try await group.waitForAll()
            }
            await closed.wait(for: 2)
            for try await update in collection where update.state == .live { break }
            #expect(await collection.token == "t3")
        }
        let places = requests.all.compactMap { request in
            request.flatMap { $0.firstMatch(of: /"from":"(\w+)"/)?.1 }.map(String.init)
        }
        #expect(places == ["snapshot", "t1", "t2"])
    }

    @Test func aClosedCollectionEndsForWhoeverIterates() async throws {
        let left = Recorder<String?>()
        let script: ScriptedServer.Script = { socket in
            var socket = socket
            _ = try await socket.received()
            try await socket.send(#"{"subscribed":1,"token":"t0"}"#)
            left.add(try? await socket.received())
        }
        try await ScriptedServer.run([script]) { url in
            try await Self.closeAfterTheFirstEvent(url)
            await left.wait(for: 1)
        }
        // Without a server it waits for its next attempt.
        try await Self.closeAfterTheFirstEvent(try await ScriptedServer.run([]) { $0 })
    }

    private static func closeAfterTheFirstEvent(_ url: String) async throws {
        var configuration = ClientConfiguration()
        // Much longer than the test may take.
        configuration.backoff = Backoff(base: .seconds(1 << 30), cap: .seconds(1 << 30))
        let client = try LivelogClient(server: url, configuration: configuration)
        let events = Recorder<ConnectionEvent>()
        let collection = client.collection(of: Subscription(model: "m")) { events.add($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for try await _ in collection {} }
            await events.wait(for: 1)
            await collection.close()
            try await group.waitForAll()
        }
        #expect(await collection.state == .ended)
        for try await _ in collection { Issue.record("a closed collection has an update") }
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
            // Both wait for an update that never comes; whichever is second is told so.
            await withTaskGroup(of: ClientError?.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        await Self.failure(of: collection)
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
        }
    }

    /// Iterates to the end, and returns what that was.
    private static func failure(of collection: LiveCollection) async -> ClientError? {
        do throws(ClientError) {
            for try await _ in collection {}
            return nil
        } catch {
            return error
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
