import Access
import Settings

/// Configuration files: they are taken, or all that is wrong is told with lines that they have.
enum SettingsTarget {
    private struct Files: SettingsFiles {
        func read(_ name: String) -> Result<String, SettingsFileError> {
            name.utf8.count % 2 == 0
                ? .success("0123456789abcdef0123456789abcdef\n")
                : .failure(SettingsFileError("there is no \(name)"))
        }

        func place(of name: String) -> String { "beside/" + name }
    }

    static func run(_ input: [UInt8]) -> Int {
        guard let yaml = String(validating: input, as: UTF8.self) else { return 0 }
        // YAML counts some characters as ends of lines that others do not.
        let linesMax = yaml.unicodeScalars.count + 1
        do throws(SettingsError) {
            let settings = try Settings(yaml: yaml, files: Files())
            return settings.policy.models.count + settings.origins.count
        } catch {
            require(!error.findings.isEmpty, "refused without a reason")
            for finding in error.findings {
                require((0...linesMax).contains(finding.line), "line \(finding.line)")
                require(!finding.reason.isEmpty, "no reason")
            }
            return error.findings.count
        }
    }
}
