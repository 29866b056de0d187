import CJSON
import LogModel

/// Which groups a change is in.
extension ChangeBuilder {
    /// Adds the groups of the instance at `index` and returns the token of its property `id`, or 0.
    mutating func addInstanceGroups(of index: Int, _ source: borrowing ChangeSource) -> Int {
        let end = Int(source.tokens[index].next)
        let nameBytesMax = UInt32(clamping: self.limits.groupNameBytesMax)
        let valueBytesMax = UInt32(clamping: self.limits.groupValueBytesMax)
        let base = UInt32(source.base)
        var at = index + 1
        var room = self.limits.groupCountMax
        var id = 0
        while at < end {
            let name = source.tokens[at]
            let value = source.tokens[at + 1]
            if name.escaped | value.escaped == 0 {
                if name.length == 2, source.word(of: name) == UInt64(word: "id") { id = at + 1 }
                let count = value.kind == Token.null ? 0 : value.length
                if room > 0, let kind = Scalar.Kind(value), name.length > 0,
                    name.length <= nameBytesMax, count <= valueBytesMax
                {
                    self.groups.append(
                        Changes.Group(
                            property: Changes.Slice(start: base + name.start, count: name.length),
                            value: Changes.ScalarSlice(
                                kind: kind,
                                text: Changes.Slice(start: base + value.start, count: count))))
                    room -= 1
                }
            } else {
                if source.string(of: name) == "id" { id = at + 1 }
                if room > 0, self.addGroup(at: at, source) { room -= 1 }
            }
            at = Int(value.next)
        }
        return id
    }

    /// Adds the group of a property, wherever its text is, unless it is no scalar, or its name or value is too long.
    @inline(never)
    mutating func addGroup(at index: Int, _ source: borrowing ChangeSource) -> Bool {
        guard let kind = Scalar.Kind(source.tokens[index + 1]) else { return false }
        let property = self.content(of: source.tokens[index], source)
        let text = self.content(of: source.tokens[index + 1], source)
        guard property.count > 0, property.count <= self.limits.groupNameBytesMax,
            text.count <= self.limits.groupValueBytesMax
        else {
            self.discard(text)
            self.discard(property)
            return false
        }
        self.groups.append(
            Changes.Group(
                property: property, value: Changes.ScalarSlice(kind: kind, text: text)))
        return true
    }

    /// Takes the groups of the object at `index` into the groups from `first` on.
    mutating func addGroups(
        at index: Int, first: Int, _ rules: Int?, _ root: Int,
        _ source: borrowing ChangeSource
    ) throws(ChangeRefusal) {
        let object = source.tokens[index]
        guard object.kind == Token.object else {
            throw self.refusal(
                "invalid-groups", "groups must be a JSON object of scalars", index, root, source)
        }
        var places: [[UInt8]: Int] = [:]
        for place in first..<self.groups.count {
            places[self.bytes(self.groups[place].property, source)] = place
        }
        // Which of the groups were asked for: the others give way to them.
        var isExplicit = [Bool](repeating: false, count: self.groups.count - first)
        var at = index + 1
        var count = 0
        var added: [Changes.Group] = []
        while at < Int(object.next) {
            count += 1
            guard count <= self.limits.groupCountMax else {
                throw self.refusal(
                    "too-many-groups",
                    "groups has more than \(self.limits.groupCountMax) members",
                    at, root, source)
            }
            let group = try self.explicitGroup(at: at, root, source)
            if let rules, !self.rules[rules].records(self.bytes(group.property, source).span) {
                throw self.unknownGroup(at, by: self.rules[rules], root, source)
            }
            if let place = places[self.bytes(group.property, source)] {
                self.groups[place] = group
                isExplicit[place - first] = true
            } else {
                added.append(group)
            }
            at = Int(source.tokens[at + 1].next)
        }
        var place = self.groups.count - 1
        while self.groups.count - first + added.count > self.limits.groupCountMax {
            if !isExplicit[place - first] { self.groups.remove(at: place) }
            place -= 1
        }
        self.groups.append(contentsOf: added)
    }

    private mutating func explicitGroup(
        at index: Int, _ root: Int, _ source: borrowing ChangeSource
    ) throws(ChangeRefusal) -> Changes.Group {
        let property = self.content(of: source.tokens[index], source)
        let value = source.tokens[index + 1]
        guard let kind = Scalar.Kind(value), property.count > 0 else {
            throw self.refusal(
                "invalid-groups",
                "groups must have names that are not empty and values that are scalars",
                index, root, source)
        }
        let text = self.content(of: value, source)
        guard property.count <= self.limits.groupNameBytesMax,
            text.count <= self.limits.groupValueBytesMax
        else {
            throw self.refusal(
                "group-too-long",
                "a group's name has at most \(self.limits.groupNameBytesMax) bytes and its value "
                    + "at most \(self.limits.groupValueBytesMax)",
                index, root, source)
        }
        return Changes.Group(
            property: property, value: Changes.ScalarSlice(kind: kind, text: text))
    }
}
