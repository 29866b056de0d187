import LogModel
import WireProtocol

/// Bodies with changes, in all forms: what is accepted is accepted again, with the same content, when it is written
/// in the simplest way.
enum ChangesTarget {
    /// The first byte of `input` chooses form, batching and limits; the rest is the body.
    static func run(_ input: [UInt8]) -> Int {
        guard let choice = input.first else { return 0 }
        let form: BodyForm = choice & 1 == 0 ? .json : .ndjson
        let limits = choice & 4 == 0 ? ChangeLimits.default : Self.smallLimits
        var reader = ChangeReader(limits: limits)
        do throws(ChangeError) {
            let changes = try reader.read(
                Array(input[1...]), as: form, batching: choice & 2 == 0 ? .atomic : .bySize)
            Self.checkBatches(of: changes, form, limits)
            let body = Self.canonical(changes)
            let again = try? reader.read(body, as: .json, batching: .atomic)
            guard let again else {
                fail("accepted, but not when it is written in the simplest way")
            }
            require(
                Self.plain(again) == Self.plain(changes), "it is read as something else then")
            return body.count
        } catch {
            require(error.line >= 1 && !error.message.isEmpty, "the refusal says nothing")
            return error.message.utf8.count
        }
    }

    /// Limits that a few bytes can exceed.
    private static var smallLimits: ChangeLimits {
        var limits = ChangeLimits()
        limits.changesMax = 5
        limits.groupCountMax = 3
        limits.groupNameBytesMax = 6
        limits.groupValueBytesMax = 4
        limits.viewCountMax = 2
        limits.batchCountMax = 2
        limits.batchBytesMax = 80
        return limits
    }

    private static func checkBatches(of changes: Changes, _ form: BodyForm, _ limits: ChangeLimits)
    {
        require(!changes.list.isEmpty && changes.list.count <= limits.changesMax)
        require(changes.batchEnds.last == changes.list.count, "the last batch has no end")
        require(
            zip(changes.batchEnds, changes.batchEnds.dropFirst()).allSatisfy { $0 < $1 },
            "the ends of the batches do not rise")
        require(form == .ndjson || changes.batchEnds.count == 1, "JSON is one batch")
        for change in changes.list {
            require(change.groups.count <= limits.groupCountMax, "there are too many groups")
            require(change.views.count <= limits.viewCountMax, "there are too many views")
        }
    }

    private struct PlainChange: Equatable {
        let action: Action
        let model: Text
        let key: Scalar
        let groups: [(Text, Scalar)]
        let instance: Text
        let views: [(Text, Text)]

        static func == (left: Self, right: Self) -> Bool {
            left.action == right.action && left.model == right.model && left.key == right.key
                && left.groups.elementsEqual(right.groups, by: ==)
                && left.instance == right.instance && left.views.elementsEqual(right.views, by: ==)
        }
    }

    private static func plain(_ changes: Changes) -> [PlainChange] {
        func scalar(_ slice: Changes.ScalarSlice) -> Scalar {
            Scalar(kind: slice.kind, text: changes.copy(slice.text))
        }
        return changes.list.map { change in
            PlainChange(
                action: change.action, model: changes.copy(change.model), key: scalar(change.key),
                groups: changes.groups[change.groups].map {
                    (changes.copy($0.property), scalar($0.value))
                },
                instance: changes.copy(change.instance),
                views: changes.views[change.views].map {
                    (changes.copy($0.name), changes.copy($0.json))
                })
        }
    }

    /// An array of the changes, with every member that they can have.
    private static func canonical(_ changes: Changes) -> [UInt8] {
        var json = Array("[".utf8)
        for (index, change) in Self.plain(changes).enumerated() {
            if index > 0 { json += ",".utf8 }
            json += "{\"model\":".utf8
            JSONText.append(string: change.model.bytes, to: &json)
            json += ",\"action\":\"\(change.action.name)\",\"key\":".utf8
            JSONText.append(scalar: change.key, to: &json)
            json += ",\"instance\":".utf8
            json += change.instance.bytes
            Self.append("groups", change.groups, to: &json) {
                JSONText.append(scalar: $0, to: &$1)
            }
            Self.append("views", change.views, to: &json) { $1 += $0.bytes }
            json += "}".utf8
        }
        return json + Array("]".utf8)
    }

    private static func append<Value>(
        _ name: String, _ members: [(Text, Value)], to json: inout [UInt8],
        _ append: (Value, inout [UInt8]) -> Void
    ) {
        json += ",\"\(name)\":{".utf8
        for (index, member) in members.enumerated() {
            if index > 0 { json += ",".utf8 }
            JSONText.append(string: member.0.bytes, to: &json)
            json += ":".utf8
            append(member.1, &json)
        }
        json += "}".utf8
    }
}
