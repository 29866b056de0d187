import CJSON
import LogModel

/// Which groups a change is in.
extension ChangeBuilder {
    /// Adds the groups of the instance at `index` and returns the token of its property `id`, or 0.
    mutating func addInstanceGroups(of index: Int, _ source: borrowing ChangeSource) -> Int {
        let end = Int(source.tokens[index].next)
        var at = index + 1
        var room = self.limits.groupCountMax
        var id = 0
        while at < end {
            let name = source.tokens[at]
            let value = source.tokens[at + 1]
            if name.length == 2 || name.escaped == 1, self.isID(name, source) { id = at + 1 }
            if !value.isContainer, room > 0, self.addInstanceGroup(name, value, source) {
                room -= 1
            }
            at = Int(value.next)
        }
        return id
    }

    @inline(__always)
    private func isID(_ name: Token, _ source: borrowing ChangeSource) -> Bool {
        name.escaped == 0
            ? source.word(of: name) == UInt64(word: "id") : source.string(of: name) == "id"
    }

    /// Adds a group unless its name or value is too long.
    @inline(__always)
    private mutating func addInstanceGroup(
        _ name: Token, _ value: Token, _ source: borrowing ChangeSource
    ) -> Bool {
        let property = self.content(of: name, source)
        guard property.count > 0, property.count <= self.limits.groupNameBytesMax else {
            self.discard(property)
            return false
        }
        let text = self.content(of: value, source)
        guard text.count <= self.limits.groupValueBytesMax,
            let kind = Scalar.Kind(rawValue: value.kind)
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
        at index: Int, first: Int, _ root: Int, _ source: borrowing ChangeSource
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
        guard let kind = Scalar.Kind(rawValue: value.kind), property.count > 0 else {
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
