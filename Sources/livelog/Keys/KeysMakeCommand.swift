import Access
import ArgumentParser
import Identity
import LogModel

/// `livelog keys make`: makes an API key, and shows it once.
struct KeysMakeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "make",
        abstract: "Make an API key and print it; it is shown once and kept nowhere.",
        discussion: """
            A server that uses the file knows the key within a second.

              livelog keys make --file keys.jsonl --label importer --action publish --model todos.Todo
            """)

    @OptionGroup var keys: KeyFileOption

    @Option(help: "What it is for, for people: 1 to 200 bytes.")
    var label: String

    @Option(help: "What it may do: read, publish or operate. Can be repeated.")
    var action: [KeyGrant.Action]

    @Option(help: "A model for which it is, for instance todos.Todo. Can be repeated; none is all.")
    var model: [String] = []

    func validate() throws {
        guard (1...200).contains(self.label.utf8.count) else {
            throw ValidationError("--label has to have 1 to 200 bytes.")
        }
        guard !self.action.isEmpty else {
            throw ValidationError("Say what the key may do: --action read, publish or operate.")
        }
        guard !self.model.contains("") else {
            throw ValidationError("--model has to have a name.")
        }
    }

    func run() throws {
        let models = self.model.isEmpty ? nil : Set(self.model.map { Text($0) })
        let (key, text) = APIKey.make(
            label: self.label, grant: KeyGrant(actions: Set(self.action), models: models),
            created: KeysCommand.now)
        try self.orFailOnKeys { () throws(IdentityOptionsError) in
            try self.keys.file.add(key)
        }
        print(text)
        Diagnostics.say("made key \(key.id); it is shown this once, so keep it in a safe place")
    }
}

extension KeyGrant.Action: ExpressibleByArgument {}
