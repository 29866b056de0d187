package import NIOHTTP1

/// What the head of a request may be; more is answered with 431.
package struct HeadLimits: Sendable {
    /// Bytes of the target and all fields. Default 96 KiB: the longest target, and 32 KiB of fields.
    package var byteCountMax = 96 << 10
    /// Fields. Default 64.
    package var fieldCountMax = 64

    /// Creates the default limits.
    package init() {}

    /// The limits as the decoder takes them. To it a target is a field like another.
    package var decoder: NIOHTTPDecoderLimitConfiguration {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = self.byteCountMax
        limits.maxHeaderListSize = self.byteCountMax
        limits.maxHeaderFieldCount = self.fieldCountMax
        return limits
    }
}
