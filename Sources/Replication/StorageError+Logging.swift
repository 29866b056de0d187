import LogStorage
package import Logging

extension StorageError {
    /// The failure as fields of a line in the program's log.
    package var logMetadata: Logger.Metadata {
        var fields: Logger.Metadata = [
            "code": "\(self.code.rawValue)", "reason": "\(self.message)",
        ]
        if let path { fields["path"] = "\(path)" }
        if let position { fields["position"] = "\(position)" }
        if let offset { fields["offset"] = "\(offset)" }
        return fields
    }
}
