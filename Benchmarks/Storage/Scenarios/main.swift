// Scenarios of the log in a process of its own, for `Benchmarks/storage`: each prints one line of JSON.

import LogStorage

func run(_ command: Command) throws(StorageError) -> Findings {
    switch command.scenario {
    case "floors": try Floors.run(command)
    case "append": try Appending.run(command)
    case "append-large": try Appending.onLarge(command)
    case "build": try Logs.build(command)
    case "scan": try Reading.scan(command)
    case "group": try Reading.group(command)
    case "resume": try Reading.resume(command)
    case "open": try Reading.open(command)
    default: stop("no scenario \(command.scenario)", 64)
    }
}

do throws(StorageError) {
    print(try run(Command(CommandLine.arguments)).json)
} catch {
    stop(error.description, 1)
}
