import Access
import LogModel
import WireProtocol

extension JournalLine {
    /// Reads a line, without its end.
    ///
    /// - Throws: what is wrong with it.
    package init(reading bytes: [UInt8]) throws(JournalError) {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(parsing: bytes)
        } catch {
            throw JournalError("this is not JSON: \(error.message)")
        }
        let object = try JournalObject(document, document.root)
        if object.has("journal") {
            self = .header(try JournalHeader(object))
        } else if object.has("lost") {
            self = .lost(count: try object.number("lost"), sessions: try object.numbers("sessions"))
        } else {
            self = .entry(
                SessionEntry(try object.number("session"), try SessionEntry.Event(object)))
        }
    }
}

extension JournalHeader {
    fileprivate init(_ object: JournalObject) throws(JournalError) {
        let (name, version) = (try object.text("journal"), try object.number("version"))
        guard name == Self.name, version == Self.version else {
            throw JournalError(
                "this is \"\(name)\" of version \(version), and version \(Self.version) of "
                    + "\"\(Self.name)\" is read")
        }
        guard let run = UInt64(try object.text("run"), radix: 16),
            let time = RFC3339.microseconds(try object.text("time"))
        else { throw JournalError("\"run\" or \"time\" is not what it has to be") }
        self.init(
            log: try object.text("log"), run: run, file: try object.number("file"), time: time,
            end: try object.offset("end"))
    }
}

extension SessionEntry.Event {
    fileprivate init(_ object: JournalObject) throws(JournalError) {
        if object.has("opened") {
            self = .opened(
                try Dialect(journalName: object.text("opened")),
                try Principal(object.object("reader")))
        } else if object.has("became") {
            self = .became(try Principal(object.object("became")))
        } else if object.has("closed") {
            var reached: [SessionEntry.Reached] = []
            for end in try object.objects("subscriptions") {
                reached.append(.init(try end.count("subscription"), try end.offsetIfAny("at")))
            }
            self = .closed(reason: try object.text("closed"), reached)
        } else {
            self = try Self.ofSubscription(object, try object.count("subscription"))
        }
    }

    private static func ofSubscription(
        _ object: JournalObject, _ number: Int
    ) throws(JournalError) -> Self {
        if object.has("began") { return .began(number, try .init(object.object("began"))) }
        if object.has("told") { return .told(number, try .init(object.object("told"))) }
        if object.has("sees") {
            let seeing = try object.object("sees")
            return .sees(
                number,
                .init(
                    try Filter(seeing.object("filter")), from: try seeing.offsetIfAny("at"),
                    waits: try seeing.flag("waits")))
        }
        return .ended(
            number, reason: try object.text("ended"), at: try object.offsetIfAny("at"))
    }
}

extension SessionEntry.Beginning {
    fileprivate init(_ object: JournalObject) throws(JournalError) {
        var request = SubscriptionRequest(filter: try Filter(object.object("filter")))
        do throws(RequestError) {
            request.start = try SubscriptionRequest.Start(query: object.textOrNothing("from"))
        } catch {
            throw JournalError("\"from\": \(error.message)")
        }
        guard let catchUp = SubscriptionRequest.CatchUp(rawValue: try object.text("catchUp"))
        else { throw JournalError("\"catchUp\" is \"all\" or \"latest\"") }
        request.catchUp = catchUp
        if object.has("budget") { request.budget = try object.count("budget") }
        self.init(
            id: try object.number("id"),
            form: object.has("form") ? try RecordForm(object.object("form")) : .livelog1,
            request: request, start: try object.offset("at"), waits: try object.flag("waits"))
    }
}

extension SessionEntry.Summing {
    fileprivate init(_ object: JournalObject) throws(JournalError) {
        let kind: Kind
        switch try object.text("kind") {
        case "snapshot": kind = .snapshot
        case "changes": kind = .changes(from: try object.offset("from"))
        case "sight":
            kind = .sight(
                before: try Filter(object.object("before")),
                try Principal(object.object("reader")), from: try object.offset("from"))
        case let other: throw JournalError("there is no kind \"\(other)\"")
        }
        let end = try object.offset("to")
        switch kind {
        case .snapshot: break
        case .changes(let start), .sight(_, _, let start):
            guard start <= end else { throw JournalError("\"from\" is behind \"to\"") }
        }
        self.init(
            kind, try Filter(object.object("filter")), end: end,
            isPartial: try object.flag("partial"))
    }
}

// MARK: - Values

extension Dialect {
    fileprivate init(journalName name: String) throws(JournalError) {
        guard let dialect = Self.allCases.first(where: { $0.journalName == name }) else {
            throw JournalError("there is no dialect \"\(name)\"")
        }
        self = dialect
    }
}

extension RecordForm {
    fileprivate init(_ object: JournalObject) throws(JournalError) {
        let model = object.has("model") ? Text(try object.text("model")) : nil
        switch (try object.number("restLive"), model) {
        case (1, _): self = .restLive1(model: model)
        case (2, let model?):
            self = .restLive2(
                RestLive2Form(
                    id: try object.json("id"), model: model,
                    lookup: object.has("lookup") ? Text(try object.text("lookup")) : nil))
        default: throw JournalError("there is no such form")
        }
    }
}

extension Principal {
    fileprivate init(_ object: JournalObject) throws(JournalError) {
        let origin: Origin
        switch try object.text("origin") {
        case "anonymous": origin = .anonymous
        case "token": origin = .token
        case "apiKey": origin = .apiKey
        case "application": origin = .application
        case let other: throw JournalError("there is no origin \"\(other)\"")
        }
        var claims: [String: Claim] = [:]
        if object.has("claims") {
            for (name, value) in try object.object("claims").members {
                claims[name] =
                    if let scalar = value.scalar { .scalar(scalar) } else {
                        .list(try value.scalars())
                    }
            }
        }
        var grant: KeyGrant?
        if object.has("key") {
            let key = try object.object("key")
            let actions = try key.texts("actions").compactMap { KeyGrant.Action(rawValue: $0) }
            grant = KeyGrant(
                actions: Set(actions),
                models: key.has("models") ? Set(try key.texts("models").map { Text($0) }) : nil)
        }
        var granted: [String: [Scalar]] = [:]
        if object.has("granted") {
            for (name, value) in try object.object("granted").members {
                granted[name] = try value.scalars()
            }
        }
        let principal = Principal(
            origin: origin, subject: object.has("subject") ? try object.text("subject") : "",
            claims: claims, scopes: object.has("scopes") ? Set(try object.texts("scopes")) : [],
            isStaff: try object.flag("staff"), grant: grant)
        self = principal.granting(granted)
    }
}

extension Filter {
    /// The most conditions of a filter, and of each way of its sight, and the most ways.
    private static let partsMax = 16_384

    fileprivate static func checkCount(_ count: Int) throws(JournalError) {
        guard count <= Self.partsMax else {
            throw JournalError("a filter has at most \(Self.partsMax) conditions")
        }
    }

    fileprivate init(_ object: JournalObject) throws(JournalError) {
        var conditions: [Condition] = []
        if object.has("where") {
            let values = try object.values("where")
            try Self.checkCount(values.count)
            for value in values {
                conditions.append(try Condition(value))
            }
        }
        var sight = Sight.everything
        if object.has("sight") {
            var clauses: [Sight.Clause] = []
            for value in try object.objects("sight") { clauses.append(try Sight.Clause(value)) }
            sight = Sight(clauses)
        }
        self.init(model: Text(try object.text("model")), conditions: conditions, sight: sight)
    }
}

extension Sight.Clause {
    fileprivate init(_ object: JournalObject) throws(JournalError) {
        var view = View.whole
        if object.has("view") {
            let told = try object.object("view")
            view = View(
                name: Text(try told.text("name")),
                fields: told.has("fields") ? try told.texts("fields").map { Text($0) } : nil,
                rendering: told.has("rendering") ? Text(try told.text("rendering")) : nil,
                usesCamelCase: try told.flag("camelCase"))
        }
        var ways: [[Condition]] = []
        let values = try object.values("when")
        try Filter.checkCount(values.count)
        for way in values {
            var conditions: [Condition] = []
            let elements = try way.elements()
            try Filter.checkCount(elements.count)
            for value in elements { conditions.append(try Condition(value)) }
            ways.append(conditions)
        }
        guard !ways.isEmpty else { throw JournalError("\"when\" has at least one way") }
        // Who asks does not matter to whoever reads this: nobody is asked.
        let question =
            object.has("question") ? Question(name: try object.text("question"), asker: "") : nil
        self.init(view: view, alternatives: ways, question: question)
    }
}

extension Condition {
    fileprivate init(_ value: JournalValue) throws(JournalError) {
        let parts = try value.elements()
        guard parts.count == 3, let property = parts[0].text, !property.bytes.isEmpty,
            let name = parts[1].text
        else { throw JournalError("a condition is [property, operator, operand]") }
        switch name {
        case "in", "!=":
            let values = try parts[2].scalars()
            guard !values.isEmpty else { throw JournalError("a list has at least one value") }
            self.init(property: property, test: name == "in" ? .isIn(values) : .isNot(values))
        case "prefix":
            guard let text = parts[2].text, !text.bytes.isEmpty else {
                throw JournalError("a prefix is text, and not empty")
            }
            self.init(property: property, test: .hasPrefix(text))
        default:
            guard let order = Order(rawValue: name.string), let operand = parts[2].scalar else {
                throw JournalError("there is no operator \"\(name)\" for such an operand")
            }
            self.init(property: property, test: .order(order, operand))
        }
    }
}
