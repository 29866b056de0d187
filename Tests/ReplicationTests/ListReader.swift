import LogModel
import LogStorage
import Replication
import TestSupport

/// What was done to the lists of a log in batches of one change, and so what a reader of some lists must get.
struct ListHistory {
    private var records: [(key: Int, before: Int?, list: Int)] = []
    private var last: [Int: Int] = [:]

    /// The offset after the last record.
    var end: Int { self.records.count }

    /// Notes that the instance `key` is put into `list`. What it was before the log knows only as long as it keeps the
    /// record that says so: `first` is the first one that it keeps.
    mutating func append(key: Int, list: Int, keptFrom first: Int) {
        let before = self.last[key].flatMap { $0 < first ? nil : self.records[$0].list }
        self.last[key] = self.end
        self.records.append((key, before, list))
    }

    /// What the records in `range` did to the set of what is in one of `lists`.
    func changes(of lists: Set<Int>, in range: Range<Int>) -> [(offset: Int, change: String)] {
        range.compactMap { offset in
            let record = self.records[offset]
            let wasIn = record.before.map { lists.contains($0) } ?? false
            return switch (wasIn, lists.contains(record.list)) {
            case (false, false): nil
            case (false, true): (offset, "entered")
            case (true, true): (offset, "updated")
            case (true, false): (offset, "left")
            }
        }
    }

    /// The last records below `end` of the instances that are in one of `lists` there.
    func members(of lists: Set<Int>, at end: Int) -> [Int] {
        var last: [Int: Int] = [:]
        for offset in 0..<end { last[self.records[offset].key] = offset }
        return last.values.filter { lists.contains(self.records[$0].list) }.sorted()
    }
}

/// A subscription to lists, which holds what it is sent against the history.
struct ListReader {
    let number: Int
    let lists: Set<Int>
    /// Whether it begins with what is kept, so that nobody tells it of what was removed before.
    var takesWhatIsKept = false
    /// Whether it was told that it cannot go on.
    private(set) var isReset = false
    /// Records that it was given.
    private(set) var recordCount = 0
    /// The place of the last token.
    private var position: Int?
    /// Records of a snapshot's pages.
    private var page: [String] = []

    init(number: Int = 1, lists: Set<Int>) {
        self.number = number
        self.lists = lists
    }

    /// The request of it.
    func request(from place: String) -> String {
        let values = self.lists.sorted().map { "\($0)" }.joined(separator: ",")
        return "{\"subscribe\":\(self.number),\"model\":\"m\","
            + "\"where\":{\"list\":{\"in\":[\(values)]}},\"from\":\(place)}"
    }

    /// Takes what its session was sent, and returns what is wrong with it. `isRemoved` says of an offset whether the log
    /// has lost the record.
    mutating func take(
        _ messages: [String], _ history: ListHistory, isRemoved: (Int) -> Bool
    ) -> String? {
        for message in messages {
            let head = message.dropFirst(2).split(separator: "\"", maxSplits: 1)
            let tail = head.last?.dropFirst().prefix { $0.isNumber }
            guard head.count == 2, tail.flatMap({ Int($0) }) == self.number else { continue }
            if self.isReset && head[0] != "error" { return "it was over: \(message)" }
            let place = Delivery.token(in: message).map { Int($0.next.rawValue) }
            let changes = Delivery.changes(in: message)
            self.recordCount += changes.count
            switch head[0] {
            case "subscribed": self.position = place
            case "unsubscribed": break
            case "error" where self.isReset && message.contains("unknown-subscription"): break
            case "reset":
                let rest = history.changes(of: lists, in: (self.position ?? 0)..<history.end)
                let hasLost = rest.contains { isRemoved($0.offset) }
                guard hasLost, message.contains("\"retained\"") else {
                    return "nothing of it was removed: \(message)"
                }
                self.isReset = true
            case "snapshot":
                self.page += changes
                guard let place else { continue }
                let found = self.page
                let set = history.members(of: self.lists, at: place).filter {
                    !isRemoved($0) || found.contains("\($0) entered")
                }
                guard found == set.map({ "\($0) entered" }) else {
                    return "the set at \(place) is \(set), and not \(found)"
                }
                self.position = place
            case "changes", "covered":
                guard let place, let position, place >= position else {
                    return "from \(self.position ?? -1) on: \(message)"
                }
                let expected = history.changes(of: self.lists, in: position..<place).filter {
                    !self.takesWhatIsKept || !isRemoved($0.offset)
                        || changes.contains("\($0.offset) \($0.change)")
                }
                guard changes == expected.map({ "\($0.offset) \($0.change)" }) else {
                    return "\(position) to \(place) is \(expected), and not \(changes)"
                }
                self.position = place
            default: return message
            }
        }
        return nil
    }

    /// Whether it has had everything below `end`.
    func hasAll(below end: Int, _ history: ListHistory) -> Bool {
        guard !self.isReset else { return true }
        guard let position else { return false }
        return history.changes(of: self.lists, in: position..<max(position, end)).isEmpty
    }
}
