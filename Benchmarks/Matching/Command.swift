/// What the scenario is to do: `SCENARIO [NAME=NUMBER]...`.
struct Command {
    let scenario: String
    private var numbers: [String: Int] = [:]

    init(_ arguments: [String]) {
        guard arguments.count > 1 else {
            stop("usage: matching-bench SCENARIO [NAME=NUMBER]...", 64)
        }
        self.scenario = arguments[1]
        for argument in arguments.dropFirst(2) {
            let parts = argument.split(separator: "=")
            guard parts.count == 2, let number = Int(parts[1]) else {
                stop("not NAME=NUMBER: \(argument)", 64)
            }
            self.numbers[String(parts[0])] = number
        }
    }

    /// The number called `name`, or `other` if it was not given.
    func number(_ name: String, _ other: Int) -> Int { self.numbers[name] ?? other }
}
