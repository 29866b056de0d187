import LogFormat
import LogModel
import LogStorage

/// What readers ask of instances and selections of groups, by a look at every record.
extension Oracle {
    /// The last record of the instance below `end`, kept or not.
    private func last(model: Text, key: Text, below end: Int) -> Int? {
        (0..<end).last {
            self.records[$0].change.model == model && self.records[$0].change.key.text == key
        }
    }

    /// Checks the latest record and the history of an instance, now and before `end`.
    func checkInstance(
        model: Text, key: Text, before end: Int, in log: ChangeLog
    ) throws(Violation) {
        let text = "\(key) of \(model)"
        let history = (self.removal.first..<self.visible).filter {
            let change = self.records[$0].change
            return change.model == model && change.key.text == key && !self.records[$0].isGone
        }.map { Offset(UInt64($0)) }
        do throws(StorageError) {
            let found = try log.history(model: model, key: key, limit: .max)
            guard found == history else {
                throw StorageError(.io, "it is \(found), expected \(history)")
            }
        } catch {
            throw Violation("history of \(text): \(error)")
        }
        for bound in [self.visible, end] {
            try self.checkLatest(model: model, key: key, before: bound, in: log)
        }
    }

    private func checkLatest(
        model: Text, key: Text, before bound: Int, in log: ChangeLog
    ) throws(Violation) {
        let trueLast = self.last(model: model, key: key, below: bound)
        var found: Offset?
        do throws(StorageError) {
            found = try log.latestRecord(model: model, key: key, before: Offset(UInt64(bound)))
        } catch {
            let mayRefuse = bound < self.visible && self.removal.triedEnd > 0
            return try promise(
                error.code == .retained && mayRefuse,
                "latest record of \(key) of \(model) before \(bound): \(error)")
        }
        let wanted = trueLast.flatMap { self.records[$0].isGone ? nil : $0 }
        var isRight = found == wanted.map { Offset(UInt64($0)) }
        if let last = trueLast, wanted == nil, bound < self.visible {
            // That nothing is known, and not that there was nothing, is the answer where something is gone. Below
            // what is retained that is the same.
            isRight =
                isRight && bound >= self.removal.first
                && (last < self.removal.first || self.records[last].change.action == .deleted)
        }
        try promise(
            isRight,
            "latest record of \(key) of \(model) before \(bound) is "
                + "\(String(describing: found)), it was \(String(describing: trueLast))")
    }

    /// Checks who is in a group, now or before `bound`.
    func checkMembers(
        of group: GroupKey, before bound: Int, in log: ChangeLog
    ) throws(Violation) {
        let wanted = SimulatedGroup(property: group.property, value: group.value)
        var last: [Text: Int] = [:]
        for offset in 0..<bound where self.records[offset].change.model == group.model {
            last[self.records[offset].change.key.text] = offset
        }
        let members = last.values.filter { offset in
            self.records[offset].groups.contains {
                $0.membership != .left && $0.group.isSame(as: wanted)
            }
        }.sorted()
        let kept = members.filter { !self.records[$0].isGone }
        do throws(StorageError) {
            let found = try log.members(of: group, before: Offset(UInt64(bound)))
            guard found == kept.map({ Offset(UInt64($0)) }) else {
                throw StorageError(.io, "they are \(found), expected \(kept)")
            }
            let lost = members.first { $0 >= self.removal.first && self.records[$0].isGone }
            guard lost == nil, bound >= self.removal.first || bound == self.visible else {
                throw StorageError(.io, "the log does not say that it cannot know")
            }
        } catch {
            let isHonest =
                error.code == .retained && bound < self.visible && self.removal.triedEnd > 0
            try promise(isHonest, "members of \(group) before \(bound): \(error)")
        }
    }

    /// Checks a reader of several groups over all segments.
    func checkReader(
        of groups: [GroupKey], isAll: Bool, in log: ChangeLog, range: Range<Int>, limit: Int
    ) throws(Violation) {
        let hashes = groups.map(log.hasher.groupHash)
        let start = max(range.lowerBound, self.removal.first)
        let expected = self.offsets(
            of: groups, isAll: isAll, in: start..<max(start, range.upperBound))
        do throws(StorageError) {
            var reader = GroupReader(
                log, isAll ? .all(hashes) : .any(hashes), from: Offset(UInt64(start)),
                to: Offset(UInt64(range.upperBound)))
            let found = try reader.next(limit)
            guard found.elementsEqual(expected.prefix(limit)) else {
                throw StorageError(.io, "found \(found), expected \(expected)")
            }
        } catch {
            throw Violation("\(isAll ? "all" : "any") of \(groups) in \(range): \(error)")
        }
    }
}
