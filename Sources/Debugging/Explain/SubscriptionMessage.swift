package import WireProtocol

/// What somebody typed is not what it should be.
package struct DescriptionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong and what is right, for people.
    package let description: String

    init(_ description: String) {
        self.description = description
    }

    /// The document that `json`, which is called `name`, is; an object.
    static func object(_ json: String, _ name: String) throws(DescriptionError) -> JSONDocument {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(parsing: Array(json.utf8))
        } catch {
            throw DescriptionError("\(name) is no JSON: byte \(error.position): \(error.message)")
        }
        guard document.kind(of: document.root) == .object else {
            throw DescriptionError("\(name) must be a JSON object")
        }
        return document
    }
}

/// A message by which a client subscribes, as it sent it.
package struct SubscriptionMessage: Hashable, Sendable {
    /// The message.
    package let bytes: [UInt8]
    /// What its client speaks: `livelog1` or `restLive`.
    package let dialect: Dialect

    /// Reads a message of any dialect whose clients send one. In one of `livelog.v1` the member `subscribe` may be
    /// missing; it is put in. What is wrong with it otherwise is the server's to say.
    ///
    /// - Throws: `json` is no JSON object.
    package init(_ json: String) throws(DescriptionError) {
        let document = try DescriptionError.object(json, "the subscription")
        func has(_ name: String) -> Bool { document.member(name, of: document.root) != nil }
        if has("type") || !has("subscribe") && (has("property") || has("value")) {
            self.dialect = .restLive
            self.bytes = Array(json.utf8)
            return
        }
        self.dialect = .livelog1
        guard !has("subscribe"), let brace = json.firstIndex(of: "{") else {
            self.bytes = Array(json.utf8)
            return
        }
        let isEmpty = document.members(of: document.root).isEmpty
        self.bytes =
            Array("{\"subscribe\":1\(isEmpty ? "" : ",")".utf8)
            + Array(json[json.index(after: brace)...].utf8)
    }
}
