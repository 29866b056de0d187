import ArgumentParser
import CCoreDump
import Glibc
import Logging
import Settings
import Transport

/// Who may do what with `livelog serve`, as options.
struct AccessOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Who may see and publish what; see docs/configuration.md. Taken again when it changes, and at SIGHUP.",
            valueName: "file"))
    var config: String?

    @Flag(
        help:
            "Let everybody who can connect read and write everything, wherever the server listens.")
    var dev = false

    @Flag(help: "Listen beyond this machine without TLS: for a server behind a proxy that has it.")
    var insecure = false

    @Option(
        help:
            "Where /metrics, and /readyz with reasons, are. Default: with everything else on loopback, or else 127.0.0.1:8081."
    )
    var operations: String?

    @Flag(
        help:
            "Let the system write an image of the memory if the server crashes, though the secrets of its configuration are in there."
    )
    var coreDumps = false

    func validate() throws {
        guard !self.dev || self.config == nil else {
            throw ValidationError(
                "--dev and --config exclude each other: --dev asks nobody for anything.")
        }
    }

    /// The settings of the file, if there is one. Prints what is wrong with it and exits otherwise.
    func load() throws -> (settings: Settings, file: SettingsFile, files: [String])? {
        guard let config else { return nil }
        let file = SettingsFile(path: config)
        do {
            let (settings, files) = try file.load()
            return (settings, file, files)
        } catch {
            StandardStream.error.write(error.text(file: config) + "\n")
            throw ExitCode(1)
        }
    }

    /// Whether the server may listen on `host`; throws what to do if it may not.
    func check(host: String, isConfigured: Bool, isEncrypted: Bool) throws {
        guard !OriginRules.isLoopback(host) else { return }
        guard isConfigured || self.dev else {
            throw ValidationError(
                "without a configuration everybody may read and write, so the server listens on this machine only: say who "
                    + "may do what in a file and name it by --config, or listen on 127.0.0.1, or add --dev to let "
                    + "everybody in.")
        }
        guard isEncrypted || self.insecure || self.dev else {
            throw ValidationError(
                "\(host) can be reached from other machines, and what they send would not be encrypted: name a certificate under "
                    + "tls in the configuration, put a proxy with TLS before the server and let it listen on 127.0.0.1, or add --insecure if the network between them is "
                    + "yours alone.")
        }
    }

    /// Where operations are; nil if with everything else.
    func operations(_ settings: Settings?, host: String) throws -> ListenAddress? {
        guard let text = self.operations ?? settings?.operations else {
            return OriginRules.isLoopback(host)
                ? nil : ListenAddress(host: "127.0.0.1", port: Self.operationsPort)
        }
        guard let address = ListenAddress(text) else {
            throw ValidationError("operations is HOST:PORT, for instance 127.0.0.1:8081.")
        }
        return address
    }

    private static let operationsPort = 8081

    /// Lets no secret of a configuration get into an image of the memory.
    func keepSecrets(isConfigured: Bool, _ logger: Logger) {
        guard isConfigured, !self.coreDumps else { return }
        let error = livelog_forbid_core_dumps()
        guard error != 0 else { return }
        logger.warning(
            "core dumps cannot be switched off: let the system write none (LimitCORE=0)",
            metadata: ["reason": "\(String(cString: strerror(error)))"])
    }

    /// Says loudly what is not asked for.
    func warn(host: String, isConfigured: Bool, _ logger: Logger) {
        if self.dev {
            logger.warning(
                "--dev: EVERYBODY WHO CAN CONNECT MAY READ AND WRITE EVERYTHING; never where others can reach it",
                metadata: ["host": "\(host)"])
        } else if !isConfigured {
            logger.notice(
                "everybody on this machine may read and write everything; --config FILE says who may do what"
            )
        }
    }
}
