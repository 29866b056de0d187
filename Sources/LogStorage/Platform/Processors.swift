import Dispatch
import Glibc
import Synchronization

/// Work that is divided among the machine's processors: that of commands that look at a log and end. A server has its
/// processors for its readers.
package enum Processors {
    /// How many there are.
    package static let count = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

    /// What `body` gives for each number from 0 to `count - 1`: it is called with as many at once as there are
    /// processors. Blocks until all are done, so not for event loops. Throws the first error in their order.
    package static func map<Value: Sendable, Failure>(
        _ count: Int, _ body: @Sendable (Int) throws(Failure) -> Value
    ) throws(Failure) -> [Value] {
        let results = Mutex([Result<Value, Failure>?](repeating: nil, count: count))
        DispatchQueue.concurrentPerform(iterations: count) { number in
            let result: Result<Value, Failure>
            do throws(Failure) {
                result = .success(try body(number))
            } catch {
                result = .failure(error)
            }
            results.withLock { $0[number] = result }
        }
        var values: [Value] = []
        for case .some(let result) in results.withLock({ $0 }) { values.append(try result.get()) }
        return values
    }
}
