/// The bodies of pages: records that were rendered already, and what else there is to say about them.
package enum PageJSON {
    /// A page of changes: `{"records":[…],"token":"…","closed":true,"next":"/v1/changes?…"}`.
    ///
    /// - Parameters:
    ///   - records: the JSON of the records, joined by commas.
    ///   - token: resumes after the page.
    ///   - next: the URL of what follows; goes on where the page ends.
    ///   - isClosed: whether nothing will be added to the page.
    ///   - isPartial: whether retention took records that would be in it.
    package static func changes(
        _ records: [UInt8], token: String, next: String, isClosed: Bool, isPartial: Bool = false
    ) -> [UInt8] {
        var json = Self.begin(records)
        json.append(contentsOf: ",\"token\":\"\(token)\",\"closed\":\(isClosed)".utf8)
        return Self.end(json, next: next, isPartial: isPartial)
    }

    /// The instances of a group: `{"records":[…],"token":"…","next":"/v1/changes?…"}`.
    ///
    /// - Parameters:
    ///   - token: resumes after the state.
    ///   - next: the URL of the changes that follow the state.
    ///   - isPartial: whether retention took records that would be in it.
    package static func state(
        _ records: [UInt8], token: String, next: String, isPartial: Bool
    ) -> [UInt8] {
        var json = Self.begin(records)
        json.append(contentsOf: ",\"token\":\"\(token)\"".utf8)
        return Self.end(json, next: next, isPartial: isPartial)
    }

    /// A part of an instance's history: `{"records":[…],"next":"/v1/models/…"}`.
    ///
    /// - Parameters:
    ///   - next: the URL of the part that follows, if there is one.
    ///   - isPartial: whether records before or between these were removed.
    package static func history(
        _ records: [UInt8], next: String?, isPartial: Bool
    ) -> [UInt8] {
        Self.end(Self.begin(records), next: next, isPartial: isPartial)
    }

    private static func begin(_ records: [UInt8]) -> [UInt8] {
        var json = Array("{\"records\":[".utf8)
        json.append(contentsOf: records)
        json.append(UInt8(ascii: "]"))
        return json
    }

    private static func end(_ start: [UInt8], next: String?, isPartial: Bool) -> [UInt8] {
        var json = start
        if isPartial { json.append(contentsOf: ",\"partial\":true".utf8) }
        if let next {
            json.append(contentsOf: ",\"next\":".utf8)
            JSONText.append(string: next, to: &json)
        }
        json.append(contentsOf: "}\n".utf8)
        return json
    }
}
