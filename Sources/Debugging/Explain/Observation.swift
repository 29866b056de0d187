import LogFormat
import LogModel
import Matching
import Sessions
import WireProtocol

/// What the parts of the server say of a record: the matcher, which live subscriptions go by, and the predicate, which all
/// others do.
struct Observation {
    let record: Explanation.Record
    let values: RecordValues
    /// What the matcher says that the record did; nil if it does not find the subscription.
    private(set) var matched: SetChange?
    /// What the record did to the set, if the application allowed everything.
    private(set) var possible: SetChange?
    /// The same as far as it is known what the application says; nil if it is no concern, or is not known.
    private(set) var change: SetChange?
    private(set) var view: View?
    /// What the application has to say first.
    private(set) var questions: [RecordQuestion] = []
    /// Whether nobody can say any more whether the client has to be told that something left.
    private(set) var isUnknown = false
    /// Whether the application decides something of it.
    private(set) var isAsked = false
    private(set) var frame: String?
    private(set) var recordForm: String?
    private(set) var disagreements: [String] = []

    init(
        of record: borrowing RecordView, in batch: Range<Offset>, _ asked: AskedSubscription,
        _ dialect: Dialect, token: ResumeToken?, _ decide: (RecordQuestion) -> Decision?
    ) {
        self.record = Explanation.Record(
            offset: record.offset, batch: batch, time: record.time,
            model: Text(bytes: record.model.copy()),
            key: Scalar(kind: record.keyKind, text: Text(bytes: record.key.copy())),
            action: record.action)
        self.values = RecordValues(record)
        guard case .made(let made) = asked.outcome else { return }
        self.isAsked = made.predicate.hasQuestions
        self.possible = made.predicate.change(by: record)
        let place = self.match(record, made.predicate)
        self.decide(record, made.predicate, decide)
        guard let change, let view else { return }
        guard let place else {
            self.disagreements.append(
                "the record carries none of the groups by which the subscription is found, and concerns it"
            )
            return
        }
        var composer = FrameComposer(
            dialect: dialect, joinsBatches: false, limits: SessionLimits())
        var renderer = RecordRenderer()
        composer.add(
            record, change, record.group(place), to: made.id, as: made.form, seen: view,
            by: &renderer)
        if token != nil || made.form != .livelog1 {
            composer.endBatch(isForced: true) { token?.text ?? "" }
            self.frame = AskedSubscription.text(ofFrame: composer.take().bytes)
        }
        var form: [UInt8] = []
        renderer.appendLivelog1(record, change, view, to: &form)
        self.recordForm = String(decoding: form, as: UTF8.self)
    }

    /// Asks the matcher. Returns the place of the group by which the record is found by who catches up.
    private mutating func match(
        _ record: borrowing RecordView, _ predicate: Predicate
    ) -> Int? {
        var matcher = Matcher()
        matcher.add(Subscriber(owner: 0, slot: 0), predicate)
        var matches: [SetChange] = []
        matcher.match(record) { _, change, _ in matches.append(change) }
        self.matched = matches.first
        if matches.count > 1 {
            self.disagreements.append("the matcher finds the subscription \(matches.count) times")
        }
        if matches.first != self.possible {
            self.disagreements.append(
                "by the matcher, which live subscriptions go by, it is \(Self.name(matches.first)), and by the "
                    + "predicate, which all others do, \(Self.name(self.possible))")
        }
        for place in 0..<record.groupCount
        where predicate.driver.contains(record.groupHash(place)) {
            return place
        }
        return nil
    }

    private mutating func decide(
        _ record: borrowing RecordView, _ predicate: Predicate,
        _ decide: (RecordQuestion) -> Decision?
    ) {
        var questions: [RecordQuestion] = []
        let verdict = predicate.verdict(on: record) { question in
            let decision = decide(question)
            if decision == nil, !questions.contains(question) { questions.append(question) }
            return decision
        }
        switch verdict {
        case .nothing: break
        case .seen(let change, let view):
            self.change = change
            self.view = view
        case .undecided: self.questions = questions
        case .unknown: self.isUnknown = true
        }
    }

    static func name(_ change: SetChange?) -> String { change.map { "\($0.name)" } ?? "nothing" }
}
