import LogModel

extension ModelRules.Model? {
    /// The property that is the primary key.
    var key: Text { self?.key ?? ModelRules.defaultKey }

    /// The property that a client of django-rest-live means by `name`: that of an alias; itself, if it is one of the
    /// groups that are configured; the key, for `pk` and `id`.
    func restLiveProperty(_ name: Text) -> Text {
        if let property = self?.aliases[name] { return property }
        if self?.recordedGroups?.contains(name) == true { return name }
        return name == "pk" || name == "id" ? self.key : name
    }
}
