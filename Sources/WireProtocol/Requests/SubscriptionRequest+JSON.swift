package import LogModel

extension SubscriptionRequest {
    private static let members = ["model", "where", "from", "catchUp", "budget"]

    /// Reads the members of a message.
    ///
    /// - Parameters:
    ///   - name: the member that says what kind of message it is, which is not looked at.
    ///   - rules: what is configured of models, whose aliases stand for properties.
    package init(
        _ document: JSONDocument, besides name: Text, limits: RequestLimits = .default,
        rules: ModelRules = .none
    ) throws(RequestError) {
        var model: Text?
        var filter = FilterBuilder(limits: limits, rules: rules)
        self.init(filter: Filter(model: ""))
        for member in document.members(of: document.root) where member.key != name {
            let value = member.value
            switch member.key.string {
            case "model": model = try Self.model(document.stringBytes(value), limits)
            case "where": try filter.add(value, of: document)
            case "from": self.start = try Self.start(value, of: document)
            case "catchUp": self.catchUp = try CatchUp(request: document.string(value))
            case "budget":
                self.budget = try Self.budget(document.unsignedInteger(value), limits)
            default:
                throw RequestError(
                    code: .unknownMember, member: member.key.string,
                    message: "\(RequestError.excerpt(member.key.string)) is not a member of this "
                        + "message; there are "
                        + ([name.string] + Self.members).map { "\"\($0)\"" }.joined(separator: ", ")
                )
            }
        }
        guard let model else { throw .missingModel }
        self.filter = try filter.filter(of: model)
    }

    /// The label of a model, from the value that is given for it.
    static func model(_ bytes: [UInt8]?, _ limits: RequestLimits) throws(RequestError) -> Text {
        guard let bytes, !bytes.isEmpty, bytes.count <= limits.modelBytesMax else {
            throw RequestError(
                code: .invalidModel, member: "model",
                message: "model must be a string of 1 to \(limits.modelBytesMax) bytes")
        }
        return Text(bytes: bytes)
    }

    /// The budget, from the number that is given for it.
    static func budget(_ number: UInt64?, _ limits: RequestLimits) throws(RequestError) -> Int {
        guard let number, number >= 1, number <= UInt64(limits.budgetMax) else {
            throw RequestError(
                code: .invalidBudget, member: "budget",
                message: "budget must be an integer from 1 to \(limits.budgetMax): "
                    + "the most records to replay")
        }
        return Int(number)
    }

    private static func start(
        _ node: JSONDocument.Node, of document: JSONDocument
    ) throws(RequestError) -> Start {
        if let text = document.string(node) {
            if let start = Start(word: text) { return start }
        } else if document.kind(of: node) == .object {
            let members = document.members(of: node)
            if let member = members.first, members.count == 1 {
                switch member.key {
                case "offset": return .offset(try Self.offset(member.value, of: document))
                case "time": return .time(try Self.time(member.value, of: document))
                default: break
                }
            }
        }
        throw RequestError(
            code: .invalidFrom, member: "from",
            message: "from must be \"now\", \"start\", \"snapshot\", a token that this server has "
                + "given, {\"offset\":12} or {\"time\":\"2026-11-23T10:00:00Z\"}")
    }

    private static func offset(
        _ node: JSONDocument.Node, of document: JSONDocument
    ) throws(RequestError) -> Offset {
        guard let number = document.unsignedInteger(node) else {
            throw RequestError(
                code: .invalidFrom, member: "from",
                message: "the offset in from must be an integer from 0 to \(UInt64.max)")
        }
        return Offset(number)
    }

    private static func time(
        _ node: JSONDocument.Node, of document: JSONDocument
    ) throws(RequestError) -> Int64 {
        let time: Int64? =
            switch document.kind(of: node) {
            case .string:
                document.string(node).flatMap { RFC3339.microseconds($0) }
            case .number:
                Int64(String(decoding: document.rawText(of: node), as: UTF8.self))
            default: nil
            }
        guard let time, RFC3339.range.contains(time) else {
            throw RequestError(
                code: .invalidFrom, member: "from",
                message: "the time in from must be like \"2026-11-23T10:00:00Z\" (RFC 3339), or an "
                    + "integer of microseconds since 1970, in the years 0000 to 9999")
        }
        return time
    }
}

extension SubscriptionRequest.Start {
    /// Reads the words and tokens that are the same in all requests; nil for other text.
    init?(word: String) {
        switch word {
        case "now": self = .now
        case "start": self = .start
        case "snapshot": self = .snapshot
        default:
            guard let token = ResumeToken(text: word) else { return nil }
            self = .token(token)
        }
    }
}

extension SubscriptionRequest.CatchUp {
    /// Reads the word that is given; nil stands for something else than text.
    init(request word: String?) throws(RequestError) {
        guard let catchUp = word.flatMap({ Self(rawValue: $0) }) else {
            throw RequestError(
                code: .invalidCatchUp, member: "catchUp",
                message: "catchUp must be \"all\" or \"latest\"")
        }
        self = catchUp
    }
}

extension RequestError {
    static let missingModel = RequestError(
        code: .missingModel, member: "model",
        message: "model is missing: the label of a model, for instance \"todolist.Task\"")
}
