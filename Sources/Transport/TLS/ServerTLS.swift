import NIOSSL
import Synchronization

/// With what certificate the server proves who it is, and how it encrypts. Files are read when it is made and when it is
/// told to, so that a certificate can be renewed while connections go on.
///
/// Versions 1.2 and 1.3; in 1.2 only suites with ephemeral keys and authenticated encryption (RFC 9325). No renegotiation,
/// no compression, and no protocol but HTTP/1.1.
///
/// Threads: any.
package final class ServerTLS: Sendable {
    /// The files of a certificate.
    package struct Files: Hashable, Sendable {
        /// The chain in PEM, the server's own certificate first.
        package let certificate: String
        /// The certificate's private key in PEM.
        package let key: String

        /// Names the files.
        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    private static let suites = [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
    ]

    private let context: Mutex<NIOSSLContext>

    /// Reads the files. Throws what is wrong with them.
    package init(_ files: Files) throws(TLSFileError) {
        self.context = Mutex(try Self.context(files))
    }

    /// Reads files again, for the connections that come. Throws what is wrong with them, and then nothing has changed.
    package func replace(_ files: Files) throws(TLSFileError) {
        let context = try Self.context(files)
        self.context.withLock { $0 = context }
    }

    /// What encrypts a new connection.
    func handler() -> NIOSSLServerHandler {
        NIOSSLServerHandler(context: self.context.withLock { $0 })
    }

    private static func context(_ files: Files) throws(TLSFileError) -> NIOSSLContext {
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(files.certificate)
        } catch {
            throw TLSFileError("\(files.certificate) has no certificate in PEM that can be read")
        }
        guard !chain.isEmpty else {
            throw TLSFileError("\(files.certificate) has no certificate")
        }
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(file: files.key, format: .pem)
        } catch {
            throw TLSFileError("\(files.key) has no private key in PEM that can be read")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.cipherSuites = Self.suites.joined(separator: ":")
        configuration.applicationProtocols = ["http/1.1"]
        configuration.renegotiationSupport = .none
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw TLSFileError(
                "the key of \(files.key) is not that of the certificate in \(files.certificate)")
        }
    }
}

/// Why a certificate or its key cannot be used.
package struct TLSFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, for people; nothing of what the files contain.
    package let description: String

    init(_ description: String) { self.description = description }
}
