import Foundation

/// A page, or the state of a group, as the server answers it.
struct Page: Decodable {
    struct Record: Decodable, Equatable {
        let offset: UInt64
        let action: String
        let change: String
        let time: String?
    }

    let records: [Record]
    let token: String?
    let closed: Bool?
    let partial: Bool?
    let next: String?
}

extension LivelogServer {
    /// The answer to a GET of `target` with further `headers`, each a whole line.
    func get(_ target: String, headers: [String] = []) async throws -> RawReply {
        var request = RawRequest.get(target)
        request.head += headers.map { $0 + "\r\n" }.joined()
        return try await exchange(request)
    }

    /// The page at `target`.
    func page(_ target: String) async throws -> Page {
        let reply = try await get(target)
        guard reply.status == 200 else {
            throw Failure("\(target): \(reply.status) \(reply.body)")
        }
        return try JSONDecoder().decode(Page.self, from: Data(reply.body.utf8))
    }

    /// The lines of a stream as they come: headers first, then an empty line, then the body.
    func stream(_ target: String, accept: String, headers: [String] = []) throws -> ChildProcess {
        let options = (["Accept: \(accept)"] + headers).flatMap { ["--header", $0] }
        return try ChildProcess(
            URL(filePath: "/usr/bin/curl"),
            ["--silent", "--include", "--no-buffer"] + options + [url + target])
    }
}

/// An event of a `text/event-stream`.
struct StreamEvent: Equatable {
    var name = ""
    var id = ""
    var retry = ""
    var data = ""
}

extension ChildProcess {
    /// The status line and the headers of a response, names in lower case.
    func head() async throws -> (status: String, headers: [String: String]) {
        guard let status = await nextLine() else { throw failure("said nothing") }
        var headers: [String: String] = [:]
        while let line = await nextLine(),
            !line.trimmingCharacters(in: .whitespacesAndNewlines).isEmpty
        {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] =
                parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespacesAndNewlines) : ""
        }
        return (status.trimmingCharacters(in: .whitespacesAndNewlines), headers)
    }

    /// The next event of a stream of events; nil at its end.
    func event() async -> StreamEvent? {
        var event = StreamEvent()
        while let line = await nextLine() {
            if line.isEmpty { return event }
            let parts = line.split(separator: ":", maxSplits: 1)
            let value = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
            switch parts[0] {
            case "event": event.name = value
            case "id": event.id = value
            case "retry": event.retry = value
            default: event.data += value
            }
        }
        return nil
    }

    /// Reads events until one has this name.
    func event(named name: String) async throws -> StreamEvent {
        while let event = await event() {
            if event.name == name { return event }
        }
        throw failure("ended before an event \(name)")
    }
}
