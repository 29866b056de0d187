import Access
import ArgumentParser
import Debugging
import Settings
import WireProtocol

/// Reading what describes clients on a command line.
enum ReaderOptions {
    /// What `configuration` says of access; everything is everybody's if it names no file. Prints what is wrong with the
    /// file and exits otherwise.
    static func policy(_ configuration: String?) throws -> AccessPolicy {
        guard let configuration else { return .open }
        do throws(SettingsError) {
            return try SettingsFile(path: configuration).load().settings.policy
        } catch {
            StandardStream.error.write(error.text(file: configuration) + "\n")
            throw ExitCode.failure
        }
    }

    /// The principal that `json` describes; nobody in particular without one.
    static func principal(_ json: String?) throws -> Principal {
        guard let json else { return .anonymous }
        do throws(DescriptionError) {
            return try Principal(described: json)
        } catch {
            throw ValidationError("--principal: \(error)")
        }
    }

    /// The message of a client that `json` is.
    static func subscription(_ json: String) throws -> SubscriptionMessage {
        do throws(DescriptionError) {
            return try SubscriptionMessage(json)
        } catch {
            throw ValidationError("--subscription: \(error)")
        }
    }
}
