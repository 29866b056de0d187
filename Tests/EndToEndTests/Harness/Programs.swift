import Foundation

/// The programs that use a server from outside.
extension LivelogServer {
    /// `livelog publish` of a file.
    func publish(_ file: URL, options: [String] = []) throws -> ChildProcess {
        try ChildProcess(Places.livelog, ["publish", "--server", url, file.path] + options)
    }

    /// `livelog subscribe` to a model's group, from the start of the log.
    func subscribe(model: String, where filter: String) throws -> ChildProcess {
        try ChildProcess(
            Places.livelog,
            ["subscribe", "--server", url, "--model", model, "--where", filter, "--from", "start"])
    }

    /// The same with the Python library `websockets`, which knows nothing of Livelog.
    func subscribeWithPython(model: String, where filter: String) throws -> ChildProcess {
        try python("subscribe.py", [webSocket, "--model", model, "--where", filter])
    }

    /// A script of `Clients`.
    func python(_ script: String, _ arguments: [String]) throws -> ChildProcess {
        try .python(script, arguments)
    }
}

extension ChildProcess {
    /// A script of `Clients`.
    static func python(_ script: String, _ arguments: [String]) throws -> ChildProcess {
        guard FileManager.default.isExecutableFile(atPath: Places.python.path) else {
            throw Failure("\(Places.python.path) is missing: tools/test prepares it")
        }
        // The library reconnects by itself; its first delay is seconds unless told otherwise.
        let patience = ["INITIAL_DELAY": "0.05", "MIN_DELAY": "0.05", "MAX_DELAY": "0.5"]
        return try ChildProcess(
            Places.python, [Places.client(script)] + arguments,
            environment: Dictionary(
                uniqueKeysWithValues: patience.map { ("WEBSOCKETS_BACKOFF_\($0)", $1) }))
    }
}
