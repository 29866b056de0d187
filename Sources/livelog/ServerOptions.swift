import ArgumentParser
import LivelogClient

/// Where the server is, for all commands that talk to one.
struct ServerOptions: ParsableArguments {
    @Option(help: "The server's URL: http://HOST:PORT or https://HOST:PORT.")
    var server = "http://127.0.0.1:8080"

    @Option(
        help: ArgumentHelp(
            "Trust the PEM certificates of this file instead of the system's.", valueName: "file"))
    var caFile: String?

    /// Creates the client.
    ///
    /// - Throws: an error of usage if the URL is not one.
    func client() throws -> LivelogClient {
        var configuration = ClientConfiguration()
        configuration.certificateAuthorityFile = self.caFile
        do {
            return try LivelogClient(server: self.server, configuration: configuration)
        } catch {
            throw ValidationError(error.message)
        }
    }
}
