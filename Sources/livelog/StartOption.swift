import ArgumentParser
import LivelogClient

extension Subscription.Start {
    /// Reads the value of `--from`.
    ///
    /// - Throws: an error of usage if it is no place.
    init(typed text: String) throws {
        switch text {
        case "now": self = .now
        case "start": self = .start
        case "snapshot": self = .snapshot
        default:
            if TokenFile.isToken(text) {
                self = .token(text)
            } else if text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let offset = UInt64(text) {
                self = .offset(offset)
            } else if text.prefixMatch(of: /\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d/) != nil {
                // The server reads it in full, and says what is wrong with it.
                self = .time(text)
            } else {
                throw ValidationError(
                    "--from wants now, start, snapshot, a resume token, an offset or a time like "
                        + "2026-11-23T10:00:00Z, not \"\(text)\".")
            }
        }
    }
}

/// The value of `--catch-up`.
enum CatchUpOption: String, ExpressibleByArgument, CaseIterable {
    /// Every change.
    case all
    /// The last change of each instance.
    case latest

    /// What it means to a subscription.
    var catchUp: Subscription.CatchUp {
        switch self {
        case .all: .all
        case .latest: .latest
        }
    }
}
