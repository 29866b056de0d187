import Access
import LogModel
import LogStorage
import Replication

/// A reader with what the log grants them at a place, as a server finds it.
struct GrantedReader {
    /// Who they are with that.
    let reader: Reader
    /// The place; nil if the log grants them nothing anywhere.
    let place: Offset?
    /// Why it is another place, or nothing is granted; nil if it is as it was asked for.
    let failure: String?

    /// - Parameter place: what the records below it grant counts.
    init(_ reader: Reader, in log: ChangeLog, before place: Offset) {
        guard reader.policy.mayGrant(to: reader.principal) else {
            (self.reader, self.place, self.failure) = (reader, nil, nil)
            return
        }
        func granted(before end: Offset) throws(GrantReading.Failure) -> Reader {
            reader.granting(
                try GrantReading(log).granted(
                    to: reader.principal, under: reader.policy, before: end))
        }
        do throws(GrantReading.Failure) {
            (self.reader, self.place, self.failure) = (try granted(before: place), place, nil)
        } catch {
            let visible = log.watermarks.visible
            if case .storage(let reason) = error, reason.code == .retained,
                let now = try? granted(before: visible)
            {
                self.reader = now
                self.place = visible
                self.failure =
                    "what was granted below offset \(place) is not known any more, so what is granted now counts"
            } else {
                self.reader = reader.granting([:])
                self.place = place
                self.failure = "\(error); so nothing is granted"
            }
        }
    }
}
