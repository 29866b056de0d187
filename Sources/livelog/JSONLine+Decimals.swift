import WireProtocol

extension JSONLine {
    /// Adds a number with `digits` decimals, if there is one.
    mutating func add(_ name: String, _ value: Double?, digits: Int) {
        if let value { self.add(name, json: decimal(value, digits: digits).utf8) }
    }
}
