import LogFormat

/// The code of the format error that `body` throws, or nil if it throws none.
func formatErrorCode(_ body: () throws(FormatError) -> Void) -> FormatError.Code? {
    do throws(FormatError) {
        try body()
        return nil
    } catch {
        return error.code
    }
}
