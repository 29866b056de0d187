import Settings
import Testing

/// Expects that a configuration is refused, on this line and for this reason among others.
func expectFault(
    _ wrong: (yaml: String, line: Int, reason: String),
    in settings: (String) throws(SettingsError) -> Settings
) {
    do throws(SettingsError) {
        _ = try settings(wrong.yaml)
        Issue.record("it was taken: \(wrong.yaml)")
    } catch {
        let found = error.findings.contains {
            $0.line == wrong.line && $0.reason.contains(wrong.reason)
        }
        #expect(found, "\(wrong.yaml): \(error)")
    }
}
