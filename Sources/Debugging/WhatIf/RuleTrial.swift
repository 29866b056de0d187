package import Access
import LogFormat
package import LogModel
package import LogStorage
import Matching
import WireProtocol

/// What principals would see of a stretch of a log by a configuration, and what is otherwise by another one.
///
/// Each has the rights that the log grants at the stretch's end. Where the application decides, all that it could allow is
/// taken to be allowed.
package struct RuleTrial: Sendable {
    /// What a principal sees of a model.
    package struct Cell: Hashable, Sendable {
        /// The model's label.
        package let model: Text
        /// The place of the principal among those that were given.
        package let principal: Int
        /// What is seen by the configuration in question.
        package internal(set) var proposed = DeliveryCounts()
        /// Bytes of the records, as JSON.
        package internal(set) var proposedBytes = 0
        /// What is seen by the present one.
        package internal(set) var present = DeliveryCounts()
        /// Bytes of the records, as JSON.
        package internal(set) var presentBytes = 0
        /// Records that differ, by how.
        package internal(set) var differing: [Difference.Kind: Int] = [:]
    }

    /// A record of which something else is seen.
    package struct Difference: Hashable, Sendable {
        /// How it differs.
        package enum Kind: String, Hashable, Sendable, CaseIterable {
            /// It is seen, and is not at present.
            case gained
            /// It is not seen, and is at present.
            case lost
            /// Other fields are seen.
            case fields
            /// It does something else to what is seen.
            case change
        }

        /// How it differs.
        package let kind: Kind
        /// Where the record is.
        package let offset: Offset
        /// The model's label.
        package let model: Text
        /// The primary key's value.
        package let key: Scalar
        /// The place of the principal among those that were given.
        package let principal: Int
        /// What is seen at present, and by which view and rule.
        package let present: String
        /// What is seen by the configuration in question, and by which view and rule.
        package let proposed: String
    }

    /// The records that were tried.
    package let range: TrialRange
    /// Who looks.
    package let principals: [Principal]
    /// Why somebody's rights by the log are not those at the range's end, each once.
    package private(set) var grantsFailures: [String] = []
    /// By model, in byte order, and principal; models of which the range has no record are not there.
    package private(set) var cells: [Cell] = []
    /// How many records differ for somebody, once for each principal.
    package private(set) var differenceCount = 0
    /// The first of them.
    package private(set) var differences: [Difference] = []
    /// Records that were read.
    package private(set) var recordCount = 0
    /// What could not be read.
    package private(set) var damage = TrialDamage()

    /// Tries `proposed`, and compares it with `present`.
    ///
    /// - Parameters:
    ///   - top: how many differences are kept.
    ///   - progress: is told now and then below which offset all is done.
    package init(
        _ proposed: AccessPolicy, insteadOf present: AccessPolicy, for principals: [Principal],
        in log: ChangeLog, _ range: TrialRange, top: Int, progress: (Offset) -> Void = { _ in }
    ) {
        self.range = range
        self.principals = principals
        func readers(_ policy: AccessPolicy) -> [GrantedReader] {
            principals.map {
                GrantedReader(Reader($0, under: policy), in: log, before: range.end)
            }
        }
        let (proposed, present) = (readers(proposed), readers(present))
        for failure in (proposed + present).compactMap(\.failure)
        where !self.grantsFailures.contains(failure) {
            self.grantsFailures.append(failure)
        }
        var models = Models(
            proposed: proposed.map(\.reader), present: present.map(\.reader), hasher: log.hasher)
        for extent in log.extents where extent.end > range.start {
            self.read(extent, &models, top: top, progress)
        }
        self.cells = models.cells.sorted {
            $0.model == $1.model
                ? $0.principal < $1.principal
                : $0.model.bytes.lexicographicallyPrecedes($1.model.bytes)
        }
    }

    /// How many records are read between two words of progress.
    private static let pieceCount = 4096

    /// Reads a segment, and goes on behind what is damaged.
    private mutating func read(
        _ extent: SegmentExtent, _ models: inout Models, top: Int, _ progress: (Offset) -> Void
    ) {
        var next = max(extent.segment.base, self.range.start)
        let end = min(extent.end, self.range.end)
        while next < end {
            let piece = extent.prefix(upTo: min(end, next.advanced(by: Self.pieceCount)))
            var reached = next
            do throws(StorageError) {
                try piece.forEachRecord(from: next) { record throws(StorageError) in
                    self.recordCount += 1
                    self.differenceCount += models.look(at: record, &self.differences, top: top)
                    reached = record.offset.next
                }
                next = piece.end
            } catch {
                self.damage.note(error)
                next = reached.next
            }
            progress(min(next, end))
        }
    }
}
