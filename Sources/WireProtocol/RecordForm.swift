package import LogModel

/// How the records of a subscription are told. Part of what makes two sessions get the same bytes.
package enum RecordForm: Hashable, Sendable {
    /// As all dialects of Livelog's own have them: many in a message.
    case livelog1
    /// A frame of rest-live 1 for each. `model` is what the client calls the model, nil if that is its label.
    case restLive1(model: Text?)
    /// A frame of rest-live 2 for each.
    case restLive2(RestLive2Form)

    /// Whether it is that of rest-live 1.
    package var isRestLive1: Bool { if case .restLive1 = self { true } else { false } }

    /// What frames of rest-live 2 say; nil for the others.
    package var restLive2: RestLive2Form? {
        if case .restLive2(let form) = self { form } else { nil }
    }
}
