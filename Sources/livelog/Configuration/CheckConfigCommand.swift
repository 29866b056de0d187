import Access
import ArgumentParser
import Identity
import LogModel
import Logging
import Settings
import Transport
import WireProtocol

/// `livelog check-config`: reads a configuration as the server would, and says what it means.
struct CheckConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Check a configuration, and say in words who may see and publish what.",
        discussion: """
            What everybody may do stands first. Exits with 1 if something is wrong, and then prints each fault with its \
            line; a server does not take such a file.
            """)

    @Argument(help: "The configuration file.")
    var file: String

    @Option(help: "How to print: text, or a JSON object.")
    var format = OutputFormat.text

    func run() async throws {
        do throws(SettingsError) {
            let (settings, _) = try SettingsFile(path: self.file).load()
            do throws(IdentityOptionsError) {
                _ = try await ServerAuthenticator(
                    settings.identity, logger: Logger(label: "livelog"))
            } catch {
                throw SettingsError(file: error.description)
            }
            do throws(TLSFileError) {
                if let files = settings.tls { _ = try ServerTLS(ServerTLS.Files(files)) }
            } catch {
                throw SettingsError(file: error.description)
            }
            self.print(settings)
        } catch {
            self.print(error)
            throw ExitCode(1)
        }
    }

    private func print(_ settings: Settings) {
        switch self.format {
        case .text: StandardStream.output.write(SettingsSummary(settings).text)
        case .json:
            var json = JSONLine()
            json.add("ok", true)
            json.add("models", settings.policy.models.count)
            json.add("issuers", settings.identity.issuers.count)
            StandardStream.output.write(json.text + "\n")
        }
    }

    private func print(_ error: SettingsError) {
        switch self.format {
        case .text: StandardStream.error.write(error.text(file: self.file) + "\n")
        case .json:
            for finding in error.findings {
                var json = JSONLine()
                json.add("file", self.file)
                json.add("line", finding.line)
                json.add("column", finding.column)
                json.add("path", finding.path)
                json.add("reason", finding.reason)
                StandardStream.output.write(json.text + "\n")
            }
        }
    }
}
