import ArgumentParser
import Debugging
import LogModel
import WireProtocol

/// Which instances a command is about.
struct FilterArguments: ParsableArguments {
    @Option(help: "Only the model with this label, for instance todolist.Task.")
    var model: String?

    @Option(
        name: .customLong("where"),
        help: ArgumentHelp(
            "Only instances for which this holds, and every other --where: P=V, P!=V, P<V, P<=V, P>V, "
                + "P>=V, P^=V for a prefix, \"P in [V,W]\"; needs --model.",
            valueName: "condition"))
    var conditions: [String] = []

    func validate() throws {
        if self.model == nil, !self.conditions.isEmpty {
            throw ValidationError("--where needs --model.")
        }
        _ = try self.filter()
    }

    /// The filter; nil if everything is wanted.
    func filter() throws -> Filter? {
        guard let model else { return nil }
        return try Self.filter(model, self.conditions)
    }

    /// The filter for the instances of `model` for which all `conditions` hold.
    static func filter(_ model: String, _ conditions: [String]) throws -> Filter {
        do {
            let query =
                [(name: "model", value: model)] + conditions.map { (name: "where", value: $0) }
            return try SubscriptionRequest(query: query).filter
        } catch {
            throw ValidationError(error.message)
        }
    }
}

/// Which part of a log a command is about.
struct RangeArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Begin with this offset, or with the first record that is not older than this time "
                + "(2026-11-23T10:00:00Z).", valueName: "place"))
    var from: LogPlace?

    @Option(
        help: ArgumentHelp("End before this offset or time.", valueName: "place"))
    var until: LogPlace?
}
