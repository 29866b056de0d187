package import LogModel
import WireProtocol

/// The top-level properties of an instance, each with its value as JSON text.
package struct Properties: Hashable, Sendable {
    /// The names, in the order in which the instance has them.
    package let names: [Text]
    private let values: [Text: [UInt8]]

    /// No properties.
    package static let none = Properties(names: [], values: [:])

    private init(names: [Text], values: [Text: [UInt8]]) {
        self.names = names
        self.values = values
    }

    /// Reads an instance as records have it: minified JSON. Something else than an object has no properties.
    package init(_ instance: [UInt8]) {
        guard let document = try? JSONDocument(parsing: instance) else {
            self = .none
            return
        }
        var names: [Text] = []
        var values: [Text: [UInt8]] = [:]
        for member in document.members(of: document.root) {
            names.append(member.key)
            values[member.key] = Array(document.rawText(of: member.value))
        }
        self.init(names: names, values: values)
    }

    /// The value of `name` as JSON text; nil if the instance does not have it.
    package subscript(name: Text) -> [UInt8]? { self.values[name] }

    /// The value of `name` if it is a scalar.
    package func scalar(_ name: Text) -> Scalar? {
        guard let json = self.values[name], let document = try? JSONDocument(parsing: json) else {
            return nil
        }
        return document.scalar(document.root)
    }

    /// What makes these properties of those `before`: in the order of these, and then what is gone.
    package func changes(from before: Properties) -> [PropertyChange] {
        var changes: [PropertyChange] = []
        for name in self.names where before[name] != self[name] {
            changes.append(PropertyChange(property: name, before: before[name], after: self[name]))
        }
        for name in before.names where self[name] == nil {
            changes.append(PropertyChange(property: name, before: before[name], after: nil))
        }
        return changes
    }
}

/// What became of one property.
package struct PropertyChange: Hashable, Sendable {
    /// Its name.
    package let property: Text
    /// The value before, as JSON text; nil if there was none.
    package let before: [UInt8]?
    /// The value after; nil if there is none.
    package let after: [UInt8]?

    /// Creates a change.
    package init(property: Text, before: [UInt8]?, after: [UInt8]?) {
        self.property = property
        self.before = before
        self.after = after
    }
}
