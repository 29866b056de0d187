package import LogModel

/// What all frames of a subscription of rest-live 2 have in common.
package struct RestLive2Form: Hashable, Sendable {
    /// The client's number for the subscription, any JSON value but null: its text, without whitespace around and
    /// between what it is made of.
    package let id: [UInt8]
    /// What the client calls the model.
    package let model: Text
    /// The property by which clients look up an instance; nil if that is the primary key.
    package let lookup: Text?

    /// Creates what the frames of a subscription say.
    package init(id: [UInt8], model: Text, lookup: Text? = nil) {
        self.id = id
        self.model = model
        self.lookup = lookup
    }

    /// Appends what stands before the instance: `{"type":"broadcast","id":7,"model":"m","action":"CREATED","instance":`.
    ///
    /// The action is what happened to the subscription's set: an instance that has left it is `DELETED` there.
    func appendStart(_ change: SetChange, to json: inout [UInt8]) {
        json.append(literal: "{\"type\":\"broadcast\",\"id\":")
        json.append(contentsOf: self.id)
        json.append(literal: ",\"model\":")
        JSONText.append(string: self.model.bytes, to: &json)
        json.append(literal: ",\"action\":\"")
        json.append(literal: Self.action(change).name)
        json.append(literal: "\",\"instance\":")
    }

    private static func action(_ change: SetChange) -> Action {
        switch change {
        case .entered: .created
        case .updated: .updated
        case .left, .deleted: .deleted
        }
    }
}
