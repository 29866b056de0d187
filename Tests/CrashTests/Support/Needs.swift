import Foundation
import Glibc
import Testing

/// What a test needs of the machine.
enum Need: Sendable {
    /// To be root, with the right to mount and to attach loop devices.
    case mounts
    /// A program, by name.
    case program(String)
    /// To be allowed to trace a process.
    case tracing

    /// Why it is not there; nil if it is.
    var lack: String? {
        switch self {
        case .mounts:
            if geteuid() != 0 { return "mounting needs root" }
            return access("/dev/loop-control", R_OK) == 0 ? nil : "there are no loop devices"
        case .program(let name):
            let places = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin"]
            let isThere = places.contains { access("\($0)/\(name)", X_OK) == 0 }
            return isThere ? nil : "\(name) is not installed"
        case .tracing:
            if let lack = Need.program("strace").lack { return lack }
            return Self.canTrace ? nil : "this process may not trace others"
        }
    }

    private static let canTrace = (try? run("strace", "-qq", "-o", "/dev/null", "true")) != nil
}

extension Trait where Self == ConditionTrait {
    /// Leaves the test out where something is missing, and says what; but where everything must be there, in
    /// continuous integration, it is not left out, and fails.
    static func needs(_ needs: Need...) -> Self {
        let lack = needs.compactMap(\.lack).first
        let isWanted = ProcessInfo.processInfo.environment["CI"] == "true"
        return .enabled(if: lack == nil || isWanted, "not run: \(lack ?? "")")
    }
}

/// How much more is done than in continuous integration: the environment variable `LIVELOG_CRASH_ROUNDS`, 1 by
/// default.
let rounds =
    ProcessInfo.processInfo.environment["LIVELOG_CRASH_ROUNDS"].flatMap { Int($0) } ?? 1
