import LogFormat
import LogModel

// Cases are told apart by `switch`: `==` of an enum of another module is a call through a table.

extension GroupEntry {
    /// Whether the instance was in the group before the record.
    @inline(__always) var wasIn: Bool {
        switch self.membership {
        case .entered: false
        case .stayed, .left: true
        }
    }

    /// Whether the instance is in the group after the record.
    @inline(__always) var isIn: Bool {
        switch self.membership {
        case .entered, .stayed: true
        case .left: false
        }
    }
}

extension Scalar.Kind {
    @inline(__always) var isNull: Bool {
        switch self {
        case .null: true
        case .string, .number, .boolean: false
        }
    }

    @inline(__always) var isString: Bool {
        switch self {
        case .string: true
        case .null, .number, .boolean: false
        }
    }

    @inline(__always) var isNumber: Bool {
        switch self {
        case .number: true
        case .null, .string, .boolean: false
        }
    }
}
