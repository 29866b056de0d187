/// The members that a change may have.
enum ChangeMember: String, CaseIterable {
    case model, action, instance, key, groups, views

    /// The member with the name `word`, as ``ChangeSource/word(of:)`` gives it.
    @inline(__always)
    init?(word: UInt64) {
        if word == Self.modelWord {
            self = .model
        } else if word == Self.actionWord {
            self = .action
        } else if word == Self.instanceWord {
            self = .instance
        } else if word == Self.keyWord {
            self = .key
        } else if word == Self.groupsWord {
            self = .groups
        } else if word == Self.viewsWord {
            self = .views
        } else {
            return nil
        }
    }

    @inline(__always) private static var modelWord: UInt64 { UInt64(word: "model") }
    @inline(__always) private static var actionWord: UInt64 { UInt64(word: "action") }
    @inline(__always) private static var instanceWord: UInt64 { UInt64(word: "instance") }
    @inline(__always) private static var keyWord: UInt64 { UInt64(word: "key") }
    @inline(__always) private static var groupsWord: UInt64 { UInt64(word: "groups") }
    @inline(__always) private static var viewsWord: UInt64 { UInt64(word: "views") }
}

/// The tokens of a change's members; 0, which is no member's token, where there is none.
struct ChangeMembers {
    var model = 0
    var action = 0
    var instance = 0
    var key = 0
    var groups = 0
    var views = 0
}
