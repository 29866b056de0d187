import Synchronization

/// What a reader sees of an instance: all of it, some of its properties, or another rendering that its producer
/// gave with it.
///
/// Made when a configuration is read. On the path of every record views are told apart by one number, which two have
/// in common if they show the same: so a configuration that is read again gives the same views.
public final class View: Hashable, Sendable {
    /// Tells views apart while the process runs; 0 is ``whole``.
    public let number: UInt32
    /// The name in configuration and messages.
    public let name: Text
    /// The top-level properties that are shown, in byte order; nil for all of them.
    public let fields: [Text]?
    /// The name of the rendering that is shown in place of the instance. Of a record that does not carry it nothing
    /// is shown but the key.
    public let rendering: Text?
    /// Whether the names of properties are in camel case.
    public let usesCamelCase: Bool

    /// The instance as it is.
    public static let whole = View(number: 0, name: "whole")
    /// Nothing of the instance.
    public static let nothing = View(name: "nothing", fields: [])

    private struct Content: Hashable {
        let name: Text
        let fields: [Text]?
        let rendering: Text?
        let usesCamelCase: Bool
    }

    /// The numbers of all views that were made, as many as configurations have named.
    private static let numbers = Mutex<[Content: UInt32]>([:])

    private init(
        number: UInt32, name: Text, fields: [Text]? = nil, rendering: Text? = nil,
        usesCamelCase: Bool = false
    ) {
        self.number = number
        self.name = name
        self.fields = fields
        self.rendering = rendering
        self.usesCamelCase = usesCamelCase
    }

    /// Makes a view that shows `fields`, or everything if that is nil.
    public convenience init(
        name: Text, fields: [Text]? = nil, rendering: Text? = nil, usesCamelCase: Bool = false
    ) {
        let ordered = fields.map {
            Set($0).sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        }
        let content = Content(
            name: name, fields: ordered, rendering: rendering, usesCamelCase: usesCamelCase)
        let number = Self.numbers.withLock { numbers in
            let number = numbers[content] ?? UInt32(numbers.count + 1)
            numbers[content] = number
            return number
        }
        self.init(
            number: number, name: name, fields: ordered, rendering: rendering,
            usesCamelCase: usesCamelCase)
    }

    /// Whether the property `name` can be seen in it.
    public func shows(_ name: Text) -> Bool {
        self.fields?.contains(name) ?? (self.rendering == nil)
    }

    /// By number.
    public static func == (left: View, right: View) -> Bool { left.number == right.number }

    /// By number.
    public func hash(into hasher: inout Hasher) { hasher.combine(self.number) }
}
