import Glibc

/// What can be fuzzed. A target takes any bytes, and traps if what it does with them is wrong.
enum FuzzTarget: String, CaseIterable {
    case addresses
    case changes
    case filters
    case identity
    case index
    case json
    case messages
    case pages
    case queries
    case record
    case recovery
    case sessions
    case settings

    /// Does the target's work with `input`. The result depends on all that was read, so that the optimizer leaves
    /// nothing out.
    func run(_ input: [UInt8]) -> Int {
        switch self {
        case .addresses: AddressesTarget.run(input)
        case .changes: ChangesTarget.run(input)
        case .filters: FiltersTarget.run(input)
        case .identity: IdentityTarget.run(input)
        case .index: IndexTarget.run(input)
        case .json: JSONTarget.run(input)
        case .messages: MessagesTarget.run(input)
        case .pages: PagesTarget.run(input)
        case .queries: QueriesTarget.run(input)
        case .record: RecordTarget.run(input)
        case .recovery: RecoveryTarget.run(input)
        case .sessions: SessionsTarget.run(input)
        case .settings: SettingsTarget.run(input)
        }
    }
}

/// Ends the process if a check of a target does not hold. Unlike `precondition` it says why in an optimized build.
func require(
    _ holds: Bool, _ message: @autoclosure () -> String = "", file: StaticString = #fileID,
    line: UInt = #line
) {
    if !holds { fail(message(), file: file, line: line) }
}

/// Ends the process, because a check of a target does not hold.
func fail(_ message: String, file: StaticString = #fileID, line: UInt = #line) -> Never {
    print("Check failed: \(file):\(line): \(message)")
    fflush(nil)
    abort()
}

/// Bytes that are taken one after the other, to make choices by; zeros when they are used up.
struct Choices {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        self.rest = bytes[...]
    }

    /// Whether there are bytes left.
    var isEmpty: Bool { self.rest.isEmpty }

    /// The next byte.
    mutating func byte() -> UInt8 { self.rest.popFirst() ?? 0 }

    /// A number from 0 to `bound - 1`; `bound` is at most 2^24.
    mutating func below(_ bound: Int) -> Int {
        var number = Int(self.byte())
        if bound > 1 << 8 { number = number << 8 | Int(self.byte()) }
        if bound > 1 << 16 { number = number << 8 | Int(self.byte()) }
        return number % bound
    }

    /// One of `choices`.
    mutating func pick<Choice>(_ choices: [Choice]) -> Choice { choices[self.below(choices.count)] }

    /// All that is left.
    mutating func remainder() -> [UInt8] {
        defer { self.rest = [] }
        return Array(self.rest)
    }
}
