import Access
import ArgumentParser
import Debugging
import LogModel
import LogStorage
import WireProtocol

/// `livelog log explain`: why a client got a record, or did not.
struct LogExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say why a client got a record, or did not get it.",
        discussion: """
            What a server decides about the record is told step by step and in its order: the \
            request, permission, the groups by which the record is found, conditions, what the \
            record did to the client's set, the view, where the subscription begins, and the \
            message as it is sent. What it comes to stands first.

            The subscription is the message that the client sends, of livelog.v1 (its number can \
            be missing) or of django-rest-live: {"model":"todolist.Task","where":{"list_id":42}}. \
            The principal is {"subject":"7","claims":{"lists":[1,2]},"scopes":["tasks:write"],\
            "staff":true}, of which all can be missing; for an API key \
            {"subject":"ID","key":{"actions":["read"],"models":["todolist.Task"]}}.

            Exit code 0: the record is explained, whatever came of it. 1: it cannot be read, is \
            not kept, or is not there yet; or the parts of the server do not agree about it.
            """)

    @OptionGroup var log: LogDirectoryArgument

    @Option(help: ArgumentHelp("How the client subscribes.", valueName: "json"))
    var subscription: String

    @Option(
        help: ArgumentHelp("Who the client is. Default: nobody in particular.", valueName: "json"))
    var principal: String?

    @Option(
        help: ArgumentHelp(
            "The server's configuration. Without one everybody may see everything.",
            valueName: "file"))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "Which record: its offset, or a time (2026-11-23T10:00:00Z) for the first one from then on.",
            valueName: "place"))
    var offset: LogPlace

    @Option(help: "Whether what the log grants counts as it was then, or as it is now.")
    var rights = Explanation.Rights.then

    @Option(help: "How to print: text, or json, one object.")
    var format = OutputFormat.text

    func validate() throws {
        _ = try ReaderOptions.subscription(self.subscription)
        _ = try ReaderOptions.principal(self.principal)
    }

    func run() throws {
        let message = try ReaderOptions.subscription(self.subscription)
        let reader = Reader(
            try ReaderOptions.principal(self.principal),
            under: try ReaderOptions.policy(self.config))
        try self.withLog(self.log) { access, output in
            let explanation = try Explanation(
                of: try self.offset.offset(in: access.log), for: message, by: reader,
                in: access.log, rights: self.rights)
            switch self.format {
            case .text: for line in explanation.lines { try output.write(line: line) }
            case .json: try output.write(explanation.json.line)
            }
            if !explanation.disagreements.isEmpty { throw ExitCode.failure }
        }
    }
}

extension Explanation.Rights: ExpressibleByArgument {}
