package import Access
package import Identity

/// What a configuration file says: checked as a whole, with nothing left to refuse later.
package struct Settings: Sendable {
    /// Who may see and publish what.
    package var policy = AccessPolicy.open
    /// By what the server knows who a client is.
    package var identity = IdentityOptions()

    /// Creates the settings of a server without a file.
    package init() {}
}
