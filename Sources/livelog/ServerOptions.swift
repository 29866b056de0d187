import ArgumentParser
import LivelogClient

/// Where the server is, for commands that talk to the one at hand.
struct ServerOptions: ParsableArguments {
    @Option(help: "The server's URL: http://HOST:PORT or https://HOST:PORT.")
    var server = "http://127.0.0.1:8080"

    @OptionGroup var connection: ConnectionOptions

    /// Creates the client.
    ///
    /// - Throws: an error of usage if the URL is not one.
    func makeClient() throws -> LivelogClient {
        try self.connection.makeClient(of: self.server)
    }
}

/// How a server is spoken to, for all commands that talk to one.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Trust the PEM certificates of this file instead of the system's.", valueName: "file"))
    var caFile: String?

    @Option(
        help: ArgumentHelp(
            "Show the server the API key or token in this file, which is read again for each request and "
                + "connection.", valueName: "file"))
    var credentialFile: String?

    /// Creates a client of the server at `url`.
    ///
    /// - Throws: an error of usage if the URL is not one.
    func makeClient(of url: String) throws -> LivelogClient {
        var configuration = ClientConfiguration()
        configuration.certificateAuthorityFile = self.caFile
        configuration.credential = self.credentialFile.map { .file($0) }
        do {
            return try LivelogClient(server: url, configuration: configuration)
        } catch {
            throw ValidationError(error.message)
        }
    }
}
