import CJSON
import LogModel

/// Reading the instances of models that are configured.
extension ChangeBuilder {
    /// Where the rules of `model` are, if it has any. Most changes are of the same model as the one before.
    @inline(never)
    mutating func findRules(of model: Changes.Slice, _ source: borrowing ChangeSource) -> Int? {
        if model.range.upperBound <= source.text.count {
            let label = source.text.extracting(model.range)
            if let lastRules, self.rules.isLabel(label, at: lastRules) { return lastRules }
            self.lastRules = self.rules.place(of: label)
        } else {
            self.lastRules = self.rules.place(of: self.bytes(model, source).span)
        }
        return self.lastRules
    }

    /// Adds the groups of the instance at `index` that `rules` name and returns the
    /// token of the property that is the key, or 0.
    mutating func addGroups(
        of index: Int, by rules: borrowing ModelRules.Model, _ source: borrowing ChangeSource
    ) -> Int {
        let end = Int(source.tokens[index].next)
        var at = index + 1
        var room = self.limits.groupCountMax
        var key = 0
        while at < end {
            let name = source.tokens[at]
            let value = source.tokens[at + 1]
            let isKey: Bool
            let isRecorded: Bool
            if name.escaped == 0 {
                let bytes = source.text.extracting(source.range(of: name))
                isKey = rules.isKey(bytes)
                isRecorded = rules.records(bytes)
            } else {
                let bytes = Array(source.string(of: name).utf8)
                isKey = rules.isKey(bytes.span)
                isRecorded = rules.records(bytes.span)
            }
            if isKey { key = at + 1 }
            if isRecorded, room > 0, self.addGroup(at: at, source) { room -= 1 }
            at = Int(value.next)
        }
        return key
    }

    /// Adds the group of the key, if the instance does not have it, and puts the groups from `first` on into the order
    /// in which the rules name them: so a client that wants several is told of each in that order.
    mutating func completeGroups(
        from first: Int, _ key: Changes.ScalarSlice, _ rules: ModelRules.Model,
        _ source: borrowing ChangeSource
    ) {
        var hasKey = false
        for place in first..<self.groups.count where !hasKey {
            hasKey = self.isSame(self.groups[place].property, rules.key, source)
        }
        let isRecorded = rules.recordedGroups?.contains(rules.key) ?? true
        if !hasKey, isRecorded, self.groups.count - first < self.limits.groupCountMax,
            key.text.count <= self.limits.groupValueBytesMax
        {
            self.groups.append(Changes.Group(property: self.added(rules.key), value: key))
        }
        guard let order = rules.recordedGroups, self.groups.count - first > 1 else { return }
        var ranks: [Int] = []
        for place in first..<self.groups.count {
            var rank = 0
            while rank < order.count,
                !self.isSame(self.groups[place].property, order[rank], source)
            {
                rank += 1
            }
            ranks.append(rank)
            // They are few, and mostly in order.
            var at = ranks.count - 1
            while at > 0, ranks[at - 1] > ranks[at] {
                ranks.swapAt(at - 1, at)
                self.groups.swapAt(first + at - 1, first + at)
                at -= 1
            }
        }
    }

    /// The refusal of the group at `index`, which the rules of its model do not name.
    @inline(never)
    func unknownGroup(
        _ index: Int, by rules: borrowing ModelRules.Model, _ root: Int,
        _ source: borrowing ChangeSource
    ) -> ChangeRefusal {
        let name = RequestError.excerpt(source.string(of: source.tokens[index]))
        let groups = (rules.recordedGroups ?? []).prefix(16).map(\.string)
        return self.refusal(
            "unknown-group",
            "\(name) is not configured as a group of \(rules.label): leave it out, or configure it; "
                + "there are \(groups.joined(separator: ", "))"
                + ((rules.recordedGroups ?? []).count > groups.count ? " and others" : ""),
            index, root, source)
    }
}
