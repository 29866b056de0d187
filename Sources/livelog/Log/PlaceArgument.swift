import ArgumentParser
import Debugging

/// Where a command begins, ends or looks: an offset or a time.
extension LogPlace: ExpressibleByArgument {
    /// Reads what was typed.
    init?(argument: String) {
        self.init(argument)
    }
}
