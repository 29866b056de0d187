import Foundation

/// Runs `livelog publish` of one file again and again until a run says that all is published.
actor PersistentPublisher {
    private static let runsAtMost = 50

    private let file: URL
    /// `nil` while no server runs.
    private var server: LivelogServer?
    private var current: ChildProcess?
    private var isWaiting = false
    private let (restarts, restarted) = AsyncStream.makeStream(of: LivelogServer.self)

    /// How often a server or a publisher was killed while this was not done.
    private(set) var interruptions = 0
    private var isDone = false

    init(file: URL, server: LivelogServer) {
        self.file = file
        self.server = server
    }

    /// - Throws: `Failure` when so many runs fail that no kill explains them.
    func publishUntilDone() async throws {
        for _ in 1...Self.runsAtMost {
            let publish = try await runningServer().publish(file)
            current = publish
            let ending = await publish.ending()
            if ending == .exited(0) {
                isDone = true
                return
            }
            try Task.checkCancellation()
            print("publish: \(ending): \(publish.errorOutput)")
        }
        throw Failure("publishing failed \(Self.runsAtMost) times")
    }

    func killCurrent() async {
        await current?.kill()
    }

    func serverGoesDown() {
        if !isDone { interruptions += 1 }
        server = nil
    }

    func serverIsUp(_ server: LivelogServer) {
        self.server = server
        if isWaiting { restarted.yield(server) }
        isWaiting = false
    }

    private func runningServer() async throws -> LivelogServer {
        if let server { return server }
        isWaiting = true
        for await server in restarts { return server }
        throw CancellationError()
    }
}
