import LogModel
import Testing
import WireProtocol

/// A change as values of its own, for comparison.
struct ReadableChange: Equatable {
    let action: Action
    let model: String
    let key: Scalar
    /// Each as `property=kind:text`.
    let groups: [String]
    let instance: String
    /// Each as `name=json`.
    let views: [String]
}

extension Changes {
    /// The changes as values. Traps if a slice is not within the text.
    var readable: [ReadableChange] {
        self.list.map { change in
            ReadableChange(
                action: change.action,
                model: self.copy(change.model).string,
                key: Scalar(kind: change.key.kind, text: self.copy(change.key.text)),
                groups: self.groups[change.groups].map {
                    let text = self.copy($0.value.text).string
                    return "\(self.copy($0.property).string)=\($0.value.kind):\(text)"
                },
                instance: self.copy(change.instance).string,
                views: self.views[change.views].map {
                    "\(self.copy($0.name).string)=\(self.copy($0.json).string)"
                })
        }
    }

    /// The only change.
    var single: ReadableChange {
        get throws {
            try #require(self.list.count == 1)
            #expect(self.batchEnds == [1])
            return try #require(self.readable.first)
        }
    }
}

/// Reads a body with a new reader.
func read(
    _ text: String, as form: BodyForm = .json, batching: Batching = .atomic,
    _ limits: ChangeLimits = .default
) throws(ChangeError) -> Changes {
    var reader = ChangeReader(limits: limits)
    return try reader.read(Array(text.utf8), as: form, batching: batching)
}
