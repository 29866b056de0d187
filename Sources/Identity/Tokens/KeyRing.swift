/// The keys of an issuer.
struct KeyRing: Sendable {
    private let named: [String: VerificationKey]
    private let unnamed: VerificationKey?

    /// Whether there are none.
    var isEmpty: Bool { self.named.isEmpty && self.unnamed == nil }

    /// Creates a ring. Keys without id can only be alone, and no two have the same.
    init(_ keys: [VerificationKey], subject: String) throws(IdentityOptionsError) {
        var named: [String: VerificationKey] = [:]
        for key in keys {
            if let id = key.id {
                guard named.updateValue(key, forKey: id) == nil else {
                    throw IdentityOptionsError("\(subject): two keys have the id \"\(id)\"")
                }
            } else if keys.count > 1 {
                throw IdentityOptionsError(
                    "\(subject): a key without id has to be the only one; give each key an id")
            }
        }
        self.named = named
        self.unnamed = keys.first { $0.id == nil }
    }

    /// The key that a token names; nil if there is none. A token that names none has the key without id.
    func key(_ id: String?) -> VerificationKey? {
        id.map { self.named[$0] } ?? self.unnamed
    }
}
