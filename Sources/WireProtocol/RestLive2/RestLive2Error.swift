package import LogModel

/// Why a frame of rest-live 2 was refused, in the words of the original where it had any. The connection stays open.
package struct RestLive2Error: Error, Hashable, Sendable {
    /// The client's number for what it asked, as in ``RestLive2Form/id``.
    package let id: [UInt8]
    /// The code, which says what it does in HTTP.
    package let code: Code
    /// What is wrong, for people.
    package let message: String

    /// What kind of fault it is.
    package enum Code: Int, Hashable, Sendable, CaseIterable {
        /// The frame is not right, or asks for what there cannot be.
        case badRequest = 400
        /// Who asks may not see this.
        case forbidden = 403
        /// There is no such thing.
        case notFound = 404
    }

    /// Creates an error.
    package init(_ id: [UInt8], _ code: Code, _ message: String) {
        self.id = id
        self.code = code
        self.message = message
    }

    /// Appends the error as a WebSocket text frame: `{"type":"error","id":7,"code":404,"message":"…"}`.
    package func appendFrame(to bytes: inout [UInt8]) {
        var json: [UInt8] = []
        json.append(literal: "{\"type\":\"error\",\"id\":")
        json.append(contentsOf: self.id)
        json.append(literal: ",\"code\":")
        json.append(decimal: UInt64(self.code.rawValue))
        json.append(literal: ",\"message\":")
        json.append(quoting: self.message)
        json.append(literal: "}")
        OutboundFrame.append(text: json, to: &bytes)
    }
}

// MARK: - What is refused

// The texts down to the next mark are the original's, to the letter.

extension RestLive2Error {
    /// The frame's `type` is none that there is. `name` is what Python prints of it.
    static func unknownType(_ id: [UInt8], _ name: String) -> Self {
        Self(id, .badRequest, "unknown message type `\(name)`.")
    }

    /// There is no `model`.
    static func noModel(_ id: [UInt8]) -> Self {
        Self(id, .badRequest, "No model specified.")
    }

    /// There is no such model, by what the client calls it.
    static func unknownModel(_ id: [UInt8], _ model: String) -> Self {
        Self(id, .notFound, "Model \(model) not registered for realtime updates.")
    }

    /// There is no `action`, or none that there is.
    static func unknownAction(_ id: [UInt8]) -> Self {
        Self(
            id, .badRequest,
            "`action` must be present and the value must be either `list` or `retrieve`.")
    }

    /// No instance that the client may see is found by `lookup_by`.
    package static func unknownInstance(_ id: [UInt8]) -> Self {
        Self(id, .notFound, "Instance not found. Make sure 'lookup_by' is set to a valid ID")
    }

    /// The client may see nothing of the model.
    package static func unauthorized(
        _ id: [UInt8], _ model: Text, _ action: RestLive2Request.Action
    ) -> Self {
        Self(
            id, .forbidden,
            "Unauthorized to subscribe to \(model) for action \(action.rawValue)")
    }

    /// There is no subscription with this number.
    package static func unknownSubscription(_ id: [UInt8]) -> Self {
        Self(id, .notFound, "Attempted to unsubscribe for request ID before subscribing.")
    }
}

// MARK: - What is refused, and was not by the original

extension RestLive2Error {
    /// The client's number is too long to be in every frame.
    static func longID(countMax: Int) -> Self {
        Self(Array("null".utf8), .badRequest, "`id` must have at most \(countMax) bytes of JSON.")
    }

    /// Something else in the request cannot be.
    static func invalid(_ id: [UInt8], _ message: String) -> Self {
        Self(id, .badRequest, message)
    }

    /// The client asks by a property that is no group of the model's records, or not one that it may ask by.
    package static func unknownProperty(_ id: [UInt8], _ property: Text, _ model: Text) -> Self {
        Self(
            id, .badRequest,
            "\(RequestError.excerpt(property.string)) is no property by which \(model) can be asked for: "
                + "`view_kwargs` and `query_params` name groups of the model.")
    }

    /// The session has as many subscriptions as it may.
    package static func tooManySubscriptions(_ id: [UInt8], countMax: Int) -> Self {
        Self(
            id, .badRequest,
            "A connection can have \(countMax) subscriptions: unsubscribe from one first.")
    }

    /// What the server does not do for anybody.
    package static func refused(_ id: [UInt8], _ message: String) -> Self {
        Self(id, .badRequest, message)
    }
}
