import LogModel
import TestSupport
import WireProtocol

/// A client that speaks rest-live 1: no answers, no tokens, no resuming. Frames are held against what was
/// submitted as they are written, because ending a subscription takes effect there and then.
///
/// A frame does not say which record it is, so the simulation writes the offset into the instance, as
/// `serial`.
final class RestLive1Client {
    private struct Held {
        var references = 1
        /// The first offset that it may still get.
        var position: Offset
    }

    let findings: Findings
    var connection: SimulatedConnection?
    private var subscriptionsMax = 0
    private var held: [ExpectedLog.Group: Held] = [:]
    /// The last frame's record, and which of its groups it was for.
    private var last: (offset: Offset, place: Int)?

    init(findings: Findings) {
        self.findings = findings
    }

    /// Begins anew on a connection: what the old one had is forgotten.
    func reconnect(
        over connection: SimulatedConnection, subscriptionsMax: Int,
        log: @escaping () -> ExpectedLog
    ) {
        self.subscriptionsMax = subscriptionsMax
        self.connection = connection
        self.held = [:]
        self.last = nil
        connection.onMessage = { [unowned self] in self.take($0, log()) }
    }

    func subscribe(to group: GroupKey, startingAt start: Offset) {
        let name = ExpectedLog.Group(group.model, group.property, group.value)
        if self.held[name] != nil {
            self.held[name]?.references += 1
        } else if self.held.count < self.subscriptionsMax {
            // One more than that is ignored: the dialect has no errors.
            self.held[name] = Held(position: start)
        }
        self.connection?.receive(Self.request(group, isUnsubscribing: false))
    }

    func unsubscribe(from group: GroupKey) {
        // What its audience has for it and it was not written yet comes before the end.
        self.connection?.receive(Self.request(group, isUnsubscribing: true))
        let name = ExpectedLog.Group(group.model, group.property, group.value)
        if let references = self.held[name]?.references {
            self.held[name]?.references -= 1
            if references == 1 { self.held[name] = nil }
        }
    }

    /// Notes a finding if anything below `end` has not come.
    func requireAll(upTo end: Offset, _ log: ExpectedLog) {
        for (group, state) in self.held {
            let missing = Self.next(of: group, from: state.position, end, log, evenIfRemoved: nil)
            self.findings.require(
                missing == nil, "rest-live: the record \(missing ?? .zero) of \(group) is missing")
        }
    }

    private static func request(_ group: GroupKey, isUnsubscribing: Bool) -> String {
        var json = Array(
            isUnsubscribing ? "{\"unsubscribe\":true,\"model\":".utf8 : "{\"model\":".utf8)
        JSONText.append(string: group.model.bytes, to: &json)
        json.append(contentsOf: ",\"property\":".utf8)
        JSONText.append(string: group.property.bytes, to: &json)
        json.append(contentsOf: ",\"value\":".utf8)
        JSONText.append(scalar: group.value, to: &json)
        json.append(UInt8(ascii: "}"))
        return String(decoding: json, as: UTF8.self)
    }

    /// The first record that a subscriber of `group` gets in `start ..< end`: not one that only leaves it. One that
    /// was removed may be missing, because the dialect cannot say so; `found` is there all the same.
    private static func next(
        of group: ExpectedLog.Group, from start: Offset, _ end: Offset, _ log: ExpectedLog,
        evenIfRemoved found: Offset?
    ) -> Offset? {
        guard start < end else { return nil }
        return log.offsets(of: group, in: start..<end).first { offset in
            guard offset == found || !log.isRemoved(offset) else { return false }
            return log[offset]?.entries.contains {
                $0.group == group && ($0.membership != .left || log[offset]?.action == .deleted)
            } ?? false
        }
    }

    private func take(_ message: [UInt8], _ log: ExpectedLog) {
        let text = String(decoding: message, as: UTF8.self)
        guard let document = try? JSONDocument(parsing: message),
            let instance = document.member("instance", of: document.root),
            let serial = document.member("serial", of: instance).flatMap(document.unsignedInteger),
            let value = document.member("group_key_value", of: document.root),
            let record = log[Offset(serial)]
        else { return self.findings.note("unexpected: \(text)") }
        let offset = Offset(serial)
        let firstPlace = self.last?.offset == offset ? (self.last?.place ?? 0) + 1 : 0
        self.findings.require(
            offset >= self.last?.offset ?? .zero, "rest-live: the record \(offset) comes late")
        let place = record.entries.indices.first { place in
            place >= firstPlace && self.held[record.entries[place].group] != nil
                && record.entries[place].value == document.scalar(value)
        }
        guard let place, let state = self.held[record.entries[place].group] else {
            return self.findings.note("rest-live: nobody wants \(text)")
        }
        let group = record.entries[place].group
        let expected = Self.next(
            of: group, from: state.position, log.end, log, evenIfRemoved: offset)
        self.findings.require(
            expected == offset, "rest-live: \(offset) of \(group), expected \(expected ?? .zero)")
        let start = "{\"model\":\"\(record.model)\",\"instance\":"
        let end = ",\"action\":\"\(record.action.name)\",\"group_key_value\":"
        let camel = record.instance.replacing("\"list_id\":", with: "\"listId\":")
        self.findings.require(text.hasPrefix(start + camel + end), "rest-live: wrong frame \(text)")
        self.held[group]?.position = offset.next
        self.last = (offset, place)
    }
}
