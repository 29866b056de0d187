package import LogModel

/// An error as an HTTP response: problem details (RFC 9457) with a stable `code`.
package struct Problem: Error, Hashable, Sendable {
    /// The HTTP status.
    package var status: Int
    /// What is wrong: stable, for programs.
    package var code: String
    /// The status in words.
    package var title: String
    /// What is wrong and what to do, for people.
    package var detail: String
    /// The line of the body that was refused, from 1.
    package var line: Int?
    /// The part of the request that was appended before the failure, if it was not one atomic batch.
    package var appended: Receipt?
    /// Seconds after which the same request may succeed.
    package var retryAfter: Int?

    /// Creates an error.
    package init(
        status: Int, code: String, title: String, detail: String, line: Int? = nil,
        appended: Receipt? = nil, retryAfter: Int? = nil
    ) {
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.line = line
        self.appended = appended
        self.retryAfter = retryAfter
    }

    /// A body that is not changes.
    package init(_ error: ChangeError) {
        let isTooLarge =
            error.code.hasSuffix("-too-large")
            || ["too-many-changes", "too-many-values"].contains(error.code)
        let isMalformed = JSONError.Code(rawValue: error.code) != nil || error.code == "empty-body"
        let (status, title): (Int, String) =
            if error.code == JSONError.Code.outOfMemory.rawValue {
                (503, "Out of memory")
            } else if isTooLarge {
                (413, "Too large")
            } else if isMalformed {
                (400, "The body cannot be read")
            } else {
                (422, "This is not a change")
            }
        self.init(
            status: status, code: error.code, title: title,
            detail: "line \(error.line): \(error.message)", line: error.line)
    }

    /// A URL that asks for records in a way that is not understood.
    package init(_ error: RequestError) {
        let isForbidden = error.code == .forbidden
        self.init(
            status: isForbidden ? 403 : 400, code: error.code.rawValue,
            title: isForbidden ? "Not allowed" : "The request is not understood",
            detail: error.message)
    }

    /// The response's body, of the type `application/problem+json`.
    package var json: [UInt8] {
        var json = Array("{\"type\":\"about:blank\",\"title\":".utf8)
        JSONText.append(string: self.title, to: &json)
        json.append(
            contentsOf: ",\"status\":\(self.status),\"code\":\"\(self.code)\",\"detail\":".utf8)
        JSONText.append(string: self.detail, to: &json)
        if let line { json.append(contentsOf: ",\"line\":\(line)".utf8) }
        if let appended {
            json.append(contentsOf: ",\"appended\":".utf8)
            json.append(contentsOf: appended.json.dropLast())
        }
        json.append(contentsOf: "}\n".utf8)
        return json
    }
}
