import Foundation

/// Runs `livelog publish` of one file again and again until a run says that all is published.
actor PersistentPublisher {
    private static let runsAtMost = 50

    private let file: URL
    private let server: LivelogServer
    private var serverIsUp = true
    private var isWaiting = false
    private var isDone = false
    private var current: ChildProcess?
    private let (restarts, restarted) = AsyncStream.makeStream(of: Void.self)

    /// How often the server was killed while there was still something to publish.
    private(set) var interruptions = 0

    init(file: URL, server: LivelogServer) {
        self.file = file
        self.server = server
    }

    /// - Throws: `Failure` when so many runs fail that no kill explains them.
    func publishUntilDone() async throws {
        for _ in 1...Self.runsAtMost {
            try await waitUntilServerIsUp()
            let publish = try server.publish(file)
            current = publish
            let ending = await publish.ending()
            try Task.checkCancellation()
            isDone = ending == .exited(0)
            if isDone { return }
            print("publish: \(ending): \(publish.errorOutput)")
        }
        throw Failure("publishing failed \(Self.runsAtMost) times")
    }

    /// Kills the server, and the running publisher too if `takingPublisher`, and starts the server again.
    func killServer(takingPublisher: Bool) async throws {
        if !isDone { interruptions += 1 }
        serverIsUp = false
        if takingPublisher { await current?.kill() }
        await server.kill()
        try await server.restart()
        serverIsUp = true
        if isWaiting { restarted.yield() }
        isWaiting = false
    }

    private func waitUntilServerIsUp() async throws {
        guard !serverIsUp else { return }
        isWaiting = true
        for await _ in restarts { return }
        throw CancellationError()
    }
}
