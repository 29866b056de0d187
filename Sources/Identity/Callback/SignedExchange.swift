extension HTTPExchange {
    /// A question that the application can check to be the server's: signed with the secret that both have, and the time.
    ///
    /// - Parameters:
    ///   - body: what is posted.
    ///   - secret: what it is signed with.
    ///   - now: in seconds since 1970-01-01T00:00:00Z.
    init(
        signing body: [UInt8], by secret: String, at now: Int64, to url: String,
        timeoutSeconds: Int, bodyMax: Int
    ) {
        let signature = Digests.hmacSHA256(Array("\(now).".utf8) + body, secret: Array(secret.utf8))
        self.init(
            url: url,
            headers: [
                ("Livelog-Timestamp", "\(now)"),
                ("Livelog-Signature", "v1=\(Digests.hex(signature))"),
            ],
            posted: body, timeoutSeconds: timeoutSeconds, bodyMax: bodyMax)
    }

    /// What is wrong with the URL and secret of a callback; nil if they can be used.
    static func fault(ofCallback name: String, url: String, secret: String) -> String? {
        if !self.canAsk(url) {
            return "the \(name)'s URL has to begin with http:// or https://, and have a host"
        }
        if secret.utf8.count < 32 {
            return "the \(name)'s secret needs at least 32 bytes of UTF-8; this one has "
                + "\(secret.utf8.count)"
        }
        return nil
    }
}
