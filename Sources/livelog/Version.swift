/// Which Livelog this is.
enum Version {
    /// Its number, by semantic versioning. Before 1.0 formats may change with the second number.
    static let number = "0.1.0"
    /// For people and reports.
    static let text = "livelog \(Self.number)"
}
