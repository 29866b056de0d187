import LogStorage
import Logging
import Synchronization

/// Does to a log what is to be done besides appending, on a thread of its own: whenever a segment was begun,
/// and now and then, because segments also grow old by themselves.
final class UpkeepThread: Sendable {
    /// How often it looks whether something has grown old, in milliseconds.
    private static let intervalMilliseconds = 1000
    /// How long it waits after something went wrong, in milliseconds, if nobody rings.
    private static let pauseMilliseconds = 10_000

    private let thread: DedicatedThread
    private let bell: Doorbell
    private let isStopping: Signal

    private final class Signal: Sendable {
        let isRaised = Atomic(false)
    }

    /// Starts the thread.
    init(
        _ maintenance: Maintenance, logger: Logger, clock: @escaping @Sendable () -> Int64
    ) throws(StorageError) {
        let bell = Doorbell()
        let isStopping = Signal()
        self.bell = bell
        self.isStopping = isStopping
        self.thread = try DedicatedThread {
            while !isStopping.isRaised.load(ordering: .acquiring) {
                switch Self.takeStep(maintenance, logger: logger, now: clock()) {
                case .again: break
                case .later(let milliseconds): _ = bell.wait(milliseconds: milliseconds)
                case .never: bell.wait()
                }
            }
        }
    }

    /// Says that there is something to do.
    func ring() { self.bell.ring() }

    /// Ends the thread after the step that it is at. Blocks until then. Call it once.
    func stop() {
        self.isStopping.isRaised.store(true, ordering: .releasing)
        self.bell.ring()
        self.thread.join()
    }

    /// When the next step is to be taken.
    private enum Next {
        case again
        case later(milliseconds: Int)
        case never
    }

    private static func takeStep(_ maintenance: Maintenance, logger: Logger, now: Int64) -> Next {
        do throws(StorageError) {
            guard let step = try maintenance.step(now: now) else {
                return .later(milliseconds: self.intervalMilliseconds)
            }
            logger.info("upkeep of the log", metadata: ["step": "\(step)"])
            return .again
        } catch {
            if error.code == .poisoned {
                logger.error("upkeep of the log has ended", metadata: error.logMetadata)
                return .never
            }
            logger.error(
                "upkeep of the log failed and is tried again", metadata: error.logMetadata)
            return .later(milliseconds: self.pauseMilliseconds)
        }
    }
}
