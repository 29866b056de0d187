// Scenarios of the matcher in a process of its own, for `Benchmarks/matching`: each prints one line of JSON.

func run(_ command: Command) -> Findings {
    switch command.scenario {
    case "match": Matching(command).match()
    case "churn": Matching(command).churn()
    case "floor": Floor.miss(command)
    case "brute-force": Matching(command).bruteForce()
    default: stop("no scenario \(command.scenario)", 64)
    }
}

print(run(Command(CommandLine.arguments)).json)
