import Access
import Identity
import Logging
import Settings
import Transport

/// The configuration of a running server: taken at the start, and again whenever its files change or SIGHUP comes. One
/// that is wrong is told and not taken; the one before stays.
actor Configuration {
    private static let lookSeconds = 2

    private let file: SettingsFile
    private let isLoopback: Bool
    private let tls: ServerTLS?
    private let logger: Logger
    private var files: [String]
    private var times: FileTimes

    /// Prepares to follow `file`, which names `files`.
    init(
        _ file: SettingsFile, naming files: [String], isLoopback: Bool, tls: ServerTLS?,
        logger: Logger
    ) {
        self.file = file
        self.tls = tls
        self.isLoopback = isLoopback
        self.logger = logger
        self.files = files
        self.times = FileTimes(files)
    }

    /// What `settings` say of access.
    static func rules(
        _ settings: Settings, isLoopback: Bool, logger: Logger
    ) async throws(IdentityOptionsError) -> AccessControl.Rules {
        AccessControl.Rules(
            policy: settings.policy,
            authenticator: try await ServerAuthenticator(settings.identity, logger: logger),
            decider: try settings.identity.decisions.map { callback throws(IdentityOptionsError) in
                try DecisionClient(callback, logger: logger)
            },
            origins: OriginRules(allowed: Set(settings.origins), isLoopback: isLoopback),
            restLive: settings.restLive)
    }

    /// Takes the configuration again, if it is right.
    func reload(into access: AccessControl) async {
        do {
            let (settings, files) = try self.file.load()
            self.files = files
            self.times = FileTimes(files)
            // All of it is right before any of it counts.
            let rules =
                try await Self.rules(settings, isLoopback: self.isLoopback, logger: self.logger)
            if let tls, let files = settings.tls { try tls.replace(ServerTLS.Files(files)) }
            await access.replace(rules)
            self.logger.notice(
                "took the configuration again",
                metadata: ["models": "\(settings.policy.models.count)"])
        } catch {
            self.times = FileTimes(self.files)
            let text = (error as? SettingsError)?.text(file: self.file.path) ?? "\(error)"
            self.logger.error("the configuration is wrong, and the one before stays: \(text)")
        }
    }

    /// Takes the configuration again each time that one of its files changes, until the task is cancelled.
    func follow(into access: AccessControl) async {
        while !Task.isCancelled {
            try? await ContinuousClock().sleep(for: .seconds(Self.lookSeconds))
            if FileTimes(self.files) != self.times { await self.reload(into: access) }
        }
    }
}

extension ServerTLS.Files {
    /// The files that a configuration names.
    init(_ files: CertificateFiles) {
        self.init(certificate: files.certificate, key: files.key)
    }
}
