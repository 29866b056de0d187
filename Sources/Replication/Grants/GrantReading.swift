package import Access
import LogFormat
package import LogModel
package import LogStorage
import Matching

/// Reads what the log grants to principals; see ``GrantRule``.
///
/// Takes time in proportion to the records that grant something to the principal, or did and are kept.
package struct GrantReading: Sendable {
    /// Why it is not known what somebody is granted.
    package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// There are more instances that grant something to one principal than a server looks at.
        case tooMany(model: Text, max: Int)
        /// The log cannot be read.
        case storage(StorageError)

        /// What is wrong, for people; without the principal's name.
        package var description: String {
            switch self {
            case .tooMany(let model, let max):
                "more than \(max) instances of \(model) grant something to one principal, who is granted nothing "
                    + "therefore: let one instance grant more, or use a claim of the token"
            case .storage(let error): "what a principal is granted cannot be read: \(error)"
            }
        }
    }

    private let log: ChangeLog
    private let instancesMax: Int

    /// Prepares to read from `log`.
    ///
    /// - Parameter instancesMax: instances of a model that may grant something to one principal.
    package init(_ log: ChangeLog, instancesMax: Int = 10_000) {
        self.log = log
        self.instancesMax = instancesMax
    }

    /// What the records below `end` grant to `principal` under `policy`: by the name of a claim its values, each once and
    /// in order. A claim that `policy` grants at all is there, with no values if need be.
    ///
    /// - Parameter end: at most what is visible.
    package func granted(
        to principal: Principal, under policy: AccessPolicy, before end: Offset
    ) throws(Failure) -> [String: [Scalar]] {
        guard policy.mayGrant(to: principal) else { return [:] }
        var granted: [String: [Scalar]] = [:]
        for rule in policy.grants {
            let values = try self.values(rule, principal, before: end)
            granted[rule.claim] = Self.distinct((granted[rule.claim] ?? []) + values)
        }
        return granted
    }

    /// `principal` as somebody who reads or publishes now, with what is granted. If that is not known, nothing is.
    package func reader(_ principal: Principal, under policy: AccessPolicy) -> Reader {
        let granted = try? self.granted(
            to: principal, under: policy, before: self.log.watermarks.visible)
        return Reader(principal.granting(granted ?? [:]), under: policy)
    }

    /// What `reader` saw at `place` of what it asks for by `filter`, and who it was; nil if that has been so ever since, up
    /// to `end`.
    ///
    /// Also if it is what it sees now, when it was something else in between: where it got to by what it sees now, its
    /// set would not be what the log says that it saw there.
    package func sight(
        on filter: Filter, of reader: Reader, at place: Offset, before end: Offset
    ) throws(Failure) -> (filter: Filter, principal: Principal)? {
        guard
            reader.policy.mayGrant(of: filter.model, to: reader.principal)
                || filter.sight.hasQuestions,
            self.hasChanged(for: reader.principal, under: reader.policy, from: place, to: end)
        else { return nil }
        let granted = try self.granted(
            to: reader.principal, under: reader.policy, before: place)
        let then = reader.granting(granted)
        let seen = then.filter(filter) ?? filter.seen(by: .nothing)
        return (seen, then.principal)
    }

    /// Whether one of the records `start ..< end` grants something to `principal`, or takes it away. True if that is not
    /// known.
    private func hasChanged(
        for principal: Principal, under policy: AccessPolicy, from start: Offset, to end: Offset
    ) -> Bool {
        guard policy.mayGrant(to: principal), start < end else { return false }
        var limits = ChangePage.Limits()
        limits.recordsMax = 1
        for predicate in self.predicates(for: principal, under: policy) {
            do throws(StorageError) {
                let first = try ChangePage(
                    of: predicate, in: self.log, from: start, limits: limits)
                // Of one that comes after the end the loop hears when it gets there.
                if first.count > 0 || !first.isAtEnd { return true }
            } catch {
                return true
            }
        }
        return false
    }

    /// How records that concern `principal` are found, one for each rule.
    func predicates(for principal: Principal, under policy: AccessPolicy) -> [Predicate] {
        policy.grants.map { Predicate($0.filter(for: principal), hasher: self.log.hasher) }
    }

    private func net(
        _ rule: GrantRule, _ principal: Principal, from start: Offset, to end: Offset
    ) -> NetChanges {
        let predicate = Predicate(rule.filter(for: principal), hasher: self.log.hasher)
        return NetChanges(of: predicate, in: self.log, from: start, to: end)
    }

    private func values(
        _ rule: GrantRule, _ principal: Principal, before end: Offset
    ) throws(Failure) -> [Scalar] {
        do throws(StorageError) {
            var net = self.net(rule, principal, from: .zero, to: end)
            while try !net.step(postingsMax: self.instancesMax) {
                guard net.instanceCount <= self.instancesMax else { break }
            }
            if net.instanceCount <= self.instancesMax {
                var values: [Scalar] = []
                for entry in try net.entries() {
                    let value = try net.withRecord(at: entry.offset) {
                        Self.value(rule.value, of: $0)
                    }
                    if let value = value ?? nil { values.append(value) }
                }
                return values
            }
        } catch {
            throw .storage(error)
        }
        throw .tooMany(model: rule.model, max: self.instancesMax)
    }

    /// The value that `property` has in `record`; nil if it is not one of its groups.
    private static func value(_ property: Text, of record: borrowing RecordView) -> Scalar? {
        for index in 0..<record.groupCount {
            let entry = record.group(index)
            guard entry.membership != .left,
                record.property(of: entry).isEqual(to: property.bytes.span.bytes)
            else { continue }
            return Scalar(
                kind: entry.valueKind, text: Text(bytes: record.value(of: entry).copy()))
        }
        return nil
    }

    private static func distinct(_ values: [Scalar]) -> [Scalar] {
        let ordered = values.filter { $0.kind != .null }.sorted {
            $0.text.bytes.lexicographicallyPrecedes($1.text.bytes)
        }
        return ordered.reduce(into: []) { distinct, value in
            if distinct.last?.isSameGroupValue(as: value) != true { distinct.append(value) }
        }
    }
}
