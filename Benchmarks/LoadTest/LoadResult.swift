import FoundationEssentials

/// What a run found. As JSON it has these members in snake case.
package struct LoadResult: Encodable, Sendable {
    /// A number or a word that the run was given.
    package enum Parameter: Encodable, Sendable {
        case number(Double)
        case text(String)

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .number(let number): try container.encode(number)
            case .text(let text): try container.encode(text)
            }
        }

        /// The value for people.
        package var description: String {
            switch self {
            case .number(let number): number == number.rounded() ? "\(Int(number))" : "\(number)"
            case .text(let text): text
            }
        }
    }

    /// What must be 0. The run fails otherwise, so whoever has a result may rely on it.
    package struct Checks: Encodable, Sendable {
        /// Events that a client missed.
        package var gaps = 0
        /// Events that came twice or late.
        package var duplicates = 0
        /// Refusals.
        package var errors = 0
        /// Connections that the server closed.
        package var closed = 0
    }

    /// What was done.
    package var scenario: Scenario
    /// To whom.
    package var target: Target
    /// With what numbers.
    package var parameters: [String: Parameter]
    /// Where.
    package var machine: MachineFacts
    /// What the server says of itself.
    package var version: String
    /// What was measured; the name says the unit.
    package var figures: [String: Double]
    /// How long things took.
    package var latenciesUs: [String: LatencySummary]
    /// What must be 0.
    package var checks: Checks
    /// The measured time in parts.
    package var series: [LoadSample]

    /// The result as one line of JSON.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

/// A part of the measured time.
package struct LoadSample: Encodable, Sendable {
    /// When it ended, from the beginning of the measurement.
    package var seconds: Double
    /// Deliveries in it; where nobody is delivered to, records that were acknowledged.
    package var deliveries: Int
    /// Events that were published and not with everybody, at its end.
    package var outstanding: Int
    /// Bytes of the messages that they came in.
    package var bytes: Int
    /// Half were not later, in microseconds.
    package var p50Us: Double
    /// 99 of 100 were not later.
    package var p99Us: Double
    /// The latest.
    package var maxUs: Double
    /// Processor seconds of the server in it.
    package var serverCpuS: Double
    /// The server's resident memory at its end.
    package var serverResidentBytes: Int
    /// What of it is the server's own, without pages of files.
    package var serverOwnBytes: Int
}
