import NIOSSL

extension ClientConfiguration {
    /// The TLS settings for both HTTP and WebSocket.
    var tlsConfiguration: TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let file = self.certificateAuthorityFile { configuration.trustRoots = .file(file) }
        return configuration
    }

    /// Reads the certificates.
    ///
    /// - Throws: `invalid-argument` if they cannot be read.
    func tlsContext() throws(ClientError) -> NIOSSLContext {
        do {
            return try NIOSSLContext(configuration: self.tlsConfiguration)
        } catch {
            let file = self.certificateAuthorityFile ?? "the system's certificates"
            throw ClientError(.invalidArgument, "\(file) cannot be used for TLS: \(error)")
        }
    }
}
