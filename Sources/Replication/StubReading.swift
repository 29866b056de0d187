import LogModel
import LogStorage
import Matching

extension ChangeLog {
    func offset(at time: Int64) throws(StorageError) -> Offset { self.watermarks.visible }
    func rarity(of hash: UInt64) -> Int { 0 }
}
struct NetChanges {
    struct Entry: Sendable { let offset: Offset; let change: SetChange }
    init(of predicate: Predicate, in log: ChangeLog, from start: Offset, to end: Offset) {}
    mutating func step(postingsMax: Int) throws(StorageError) -> Bool { true }
    var instanceCount: Int { 0 }
    var isPartial: Bool { false }
    mutating func entries() throws(StorageError) -> [Entry] { [] }
}
