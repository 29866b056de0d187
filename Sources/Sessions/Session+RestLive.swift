import Access
package import LogModel
import WireProtocol

/// Messages of clients of django-rest-live. One connection may send those of both dialects: a frame of rest-live 2 has
/// a `type`, one of rest-live 1 has none.
extension Session {
    /// Takes a text message of either dialect.
    mutating func receiveRestLive(_ message: [UInt8], output: inout [UInt8]) -> [Action] {
        guard let document = try? JSONDocument(parsing: message),
            document.kind(of: document.root) == .object
        else { return self.breach("a frame is a JSON object") }
        return document.member("type", of: document.root) == nil
            ? self.receiveRestLive1(document)
            : self.receiveRestLive2(document, output: &output)
    }

    /// Whatever the original was closed for is ignored, or closes the connection.
    func breach(_ reason: String) -> [Action] {
        self.restLive.isStrict ? [.close(reason: reason)] : []
    }

    private mutating func receiveRestLive1(_ document: JSONDocument) -> [Action] {
        let request = RestLive1Request(document, rules: self.reader.policy.modelRules) {
            self.restLive.label(of: $0)
        }
        switch request {
        case nil: return []
        case .subscribe(let group):
            let filter = Filter(group: group)
            if let slot = self.restLive1Slot(of: filter) {
                self.subscriptions[slot].references += 1
                return []
            }
            // Its client is never told that it may not ask: like the original's, it hears nothing as long as it may not.
            let seen = self.reader.filter(filter) ?? filter.seen(by: .nothing)
            let slot = self.open(
                id: 0, SubscriptionRequest(filter: seen, start: .now),
                as: .restLive1(model: self.restLive.name(of: group.model)))
            return slot.map { [.start(slot: $0)] } ?? []
        case .unsubscribe(let group):
            guard let slot = self.restLive1Slot(of: Filter(group: group)) else {
                return self.breach("there is no such subscription")
            }
            self.subscriptions[slot].references -= 1
            return self.subscriptions[slot].references == 0 ? [self.end(slot)] : []
        }
    }

    private func restLive1Slot(of filter: Filter) -> Int? {
        self.slot { $0.form.isRestLive1 && $0.request.filter.isSame(as: filter) }
    }

    private mutating func receiveRestLive2(
        _ document: JSONDocument, output: inout [UInt8]
    ) -> [Action] {
        do throws(RestLive2Error) {
            let reader = self.reader
            // Of a model that is not seen nobody learns by a refusal what stands for what.
            let rules = reader.policy.modelRules.limited { label in
                reader.filter(Filter(model: label)) != nil
            }
            let request = try RestLive2Request(document, rules: rules) {
                self.registeredLabel(of: $0)
            }
            switch request {
            case nil: return []
            case .subscribe(let request): return [try self.subscribe(request)]
            case .unsubscribe(let id):
                // A client that asked while it was away asks once more when it is back, by the same number, and takes
                // both back at once.
                let slots = self.subscriptions.indices.filter {
                    !self.subscriptions[$0].isOver
                        && self.subscriptions[$0].form.restLive2?.id == id
                }
                guard !slots.isEmpty else { throw .unknownSubscription(id) }
                return slots.map { self.end($0) }
            }
        } catch {
            return [self.refuse(error, output: &output)]
        }
    }

    /// The model that a client means by `name`, if the configuration knows one.
    private func registeredLabel(of name: Text) -> Text? {
        guard let label = self.restLive.label(of: name) else { return nil }
        let policy = self.reader.policy
        return policy.isOpen || policy.models[label] != nil ? label : nil
    }

    private mutating func subscribe(
        _ request: RestLive2Request.Subscription
    ) throws(RestLive2Error) -> Action {
        let (id, model) = (request.form.id, request.model)
        guard self.reader.filter(Filter(model: model)) != nil else {
            throw .unauthorized(id, request.form.model, request.action)
        }
        for member in request.members
        where self.reader.filter(Filter(model: model, conditions: [member.condition])) == nil {
            throw .unknownProperty(id, member.name, request.form.model)
        }
        guard let seen = self.reader.filter(Filter(model: model, conditions: request.conditions))
        else { throw .unauthorized(id, request.form.model, request.action) }
        if request.action == .retrieve, request.lookup == nil { throw .unknownInstance(id) }
        guard
            let slot = self.open(
                id: 0, SubscriptionRequest(filter: seen), as: .restLive2(request.form))
        else { throw .tooManySubscriptions(id, countMax: self.subscriptionsMax) }
        return request.lookup.map { .retrieve(slot: slot, by: $0) } ?? .start(slot: slot)
    }

    private func refuse(_ error: RestLive2Error, output: inout [UInt8]) -> Action {
        error.appendFrame(to: &output)
        return .refused(code: "rest-live-\(error.code.rawValue)")
    }

    // MARK: - An instance that is retrieved

    /// Lets the starting subscription in `slot` be for the instance of which `condition` holds, and for no other.
    ///
    /// - Parameter start: where it begins; nil for where it was asked to.
    package mutating func narrow(
        _ slot: Int, to condition: Condition, from start: Offset? = nil
    ) {
        precondition(
            self.subscriptions[slot].phase == .starting, "who has begun has an instance")
        let filter = self.subscriptions[slot].request.filter
        self.subscriptions[slot].request.filter = Filter(
            model: filter.model, conditions: filter.conditions + [condition], sight: filter.sight)
        if let start { self.subscriptions[slot].request.start = .offset(start) }
    }

    /// Ends the starting subscription in `slot`, because there is no instance that its client asked for.
    package mutating func refuseUnknownInstance(_ slot: Int, output: inout [UInt8]) -> Action {
        let form = self.subscriptions[slot].form.restLive2
        self.subscriptions[slot].phase = .over
        return self.refuse(.unknownInstance(form?.id ?? Array("null".utf8)), output: &output)
    }
}

extension Filter {
    /// Whether both name the same group, whatever the type of the value in the request.
    fileprivate func isSame(as other: Filter) -> Bool {
        guard let group = self.requestedGroup, let other = other.requestedGroup else {
            return self == other
        }
        return group.model == other.model && group.property == other.property
            && group.value.isSameGroupValue(as: other.value)
    }
}
