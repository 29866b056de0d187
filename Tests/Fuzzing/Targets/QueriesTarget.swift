import LogModel
import WireProtocol

/// What comes in URLs: what is accepted is written as something that is read as the same.
enum QueriesTarget {
    /// The first byte of `input` chooses what the rest is.
    static func run(_ input: [UInt8]) -> Int {
        guard let choice = input.first,
            let text = String(validating: input[1...], as: UTF8.self)
        else { return 0 }
        return switch choice % 5 {
        case 0: Self.changes(text, .json)
        case 1: Self.changes(text, .serverSentEvents)
        case 2: Self.models(text)
        case 3: Self.expression(text)
        default: Self.time(text)
        }
    }

    /// `QUERY` or, of events, `QUERY\nLAST-EVENT-ID`.
    private static func changes(_ text: String, _ form: AcceptedForm) -> Int {
        let parts = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        do throws(Problem) {
            let query = try ChangesQuery(
                String(parts[0]), form: form,
                lastEventID: parts.count > 1 ? String(parts[1]) : nil)
            let written = URLText.query(query.request.query)
            let again = try ChangesQuery(written, form: form)
            require(again.request == query.request, "\(written) is another request")
            let token = ResumeToken(epoch: Epoch(1), next: Offset(2), checksum: 3)
            let page = query.page(from: token)
            let next = try ChangesQuery(String(page.drop { $0 != "?" }.dropFirst()), form: .json)
            require(
                next.request.filter == query.request.filter && next.request.start == .token(token)
                    && next.limit == query.limit, "\(page) is another page")
            return written.utf8.count
        } catch {
            return Self.checked(error)
        }
    }

    /// `PATH?QUERY`.
    private static func models(_ text: String) -> Int {
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        do throws(Problem) {
            let query = try ModelsQuery(
                path: String(parts[0]), query: parts.count > 1 ? String(parts[1]) : "")
            if case .history(let model, let key, let start, let limit) = query {
                let written = ModelsQuery.historyPath(
                    model: model, key: key, from: start, limit: limit)
                let sides = written.split(separator: "?", maxSplits: 1)
                let again = try ModelsQuery(path: String(sides[0]), query: String(sides[1]))
                require(again == query, "\(written) is another history")
            }
            return query.hashValue & 1
        } catch {
            return Self.checked(error)
        }
    }

    private static func expression(_ text: String) -> Int {
        do throws(RequestError) {
            let condition = try FilterExpression(text, limits: .default).condition
            let texts = FilterExpression.texts(of: condition)
            require(!texts.isEmpty, "a condition was written as nothing")
            for text in texts {
                let again = try? FilterExpression(text, limits: .default).condition
                guard let again else { fail("\(text) is not read again") }
                require(texts.count > 1 || again == condition, "\(text) is another condition")
            }
            return texts.count
        } catch {
            require(error.message.utf8.count < 1000, "a long message: \(error.message)")
            return error.message.utf8.count
        }
    }

    private static func time(_ text: String) -> Int {
        guard let time = RFC3339.microseconds(text) else { return 0 }
        require(RFC3339.range.contains(time), "a time that cannot be written")
        let written = RFC3339.text(time)
        require(RFC3339.microseconds(written) == time, "\(written) is another time")
        return written.utf8.count
    }

    private static func checked(_ problem: Problem) -> Int {
        require(
            (400..<500).contains(problem.status), "bad input is no fault of the server's")
        require(problem.detail.utf8.count < 1000, "a long detail: \(problem.detail)")
        return problem.detail.utf8.count
    }
}
