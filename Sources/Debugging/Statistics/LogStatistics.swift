import LogFormat
package import LogModel
package import LogStorage

/// How many records there are, of what and when: counted in one pass over all of them, or in several over parts that
/// follow each other.
package struct LogStatistics: Sendable {
    /// Records and their bytes.
    package struct Amount: Hashable, Sendable {
        package fileprivate(set) var recordCount = 0
        package fileprivate(set) var byteCount = 0

        fileprivate static func += (amount: inout Amount, other: Amount) {
            amount.recordCount += other.recordCount
            amount.byteCount += other.byteCount
        }
    }

    /// What there is of one model.
    package struct Model: Hashable, Sendable {
        /// Its label.
        package let label: Text
        fileprivate let hash: UInt64
        package fileprivate(set) var created = 0
        package fileprivate(set) var updated = 0
        package fileprivate(set) var deleted = 0
        /// Bytes of its records.
        package fileprivate(set) var byteCount = 0
        /// All of its records.
        package var recordCount: Int { self.created + self.updated + self.deleted }

        fileprivate mutating func count(_ action: Action, _ byteCount: Int) {
            self.byteCount += byteCount
            switch action {
            case .created: self.created += 1
            case .updated: self.updated += 1
            case .deleted: self.deleted += 1
            }
        }

        fileprivate static func += (model: inout Model, other: Model) {
            model.created += other.created
            model.updated += other.updated
            model.deleted += other.deleted
            model.byteCount += other.byteCount
        }
    }

    /// What was appended in one hour.
    package struct Hour: Hashable, Sendable {
        /// When it began, in microseconds since 1970.
        package let start: Int64
        package fileprivate(set) var amount = Amount()
    }

    private static let hour: Int64 = 3_600_000_000

    /// The models, in the order of their first records.
    package private(set) var models: [Model] = []
    /// The hours in which something was appended, ascending.
    package private(set) var hours: [Hour] = []
    /// The second in which most records were appended, in microseconds since 1970, and how many.
    package var busiest: (start: Int64, recordCount: Int)? {
        self.seconds.busiest.map { ($0.start, $0.recordCount) }
    }
    private var seconds = BusiestSecond()
    /// Batches of which the first record is there.
    package private(set) var batchCount = 0
    /// Records of each of the groups that were asked about, and their bytes, in their order.
    package private(set) var groups: [Amount]
    private let groupHashes: [UInt64]
    /// A bit for each hash of a group, by its lowest bits: most hashes are seen at once not to be one of them.
    private let groupBits: UInt64
    private var modelPlaces: [UInt64: Int] = [:]
    private var lastModel: (hash: UInt64, place: Int)?
    /// Records that were counted.
    package private(set) var recordCount = 0

    /// Prepares to count, and to count the records of the groups with these hashes by themselves.
    package init(groups hashes: [UInt64]) {
        self.groupHashes = hashes
        self.groups = hashes.map { _ in Amount() }
        self.groupBits = hashes.reduce(0) { $0 | 1 << ($1 & 63) }
    }

    /// Counts what `next` has counted: records that come after all of these, of the same log and with the same groups.
    package mutating func append(_ next: LogStatistics) {
        for model in next.models {
            let place = self.place(ofModel: model.hash) { model.label }
            self.models[place] += model
        }
        for hour in next.hours { self.add(hour.amount, at: hour.start) }
        self.seconds.append(next.seconds)
        self.batchCount += next.batchCount
        for place in self.groups.indices { self.groups[place] += next.groups[place] }
        self.recordCount += next.recordCount
    }

    /// Counts the records of `extent`. `damage` is told of those that cannot be read.
    package mutating func add(_ extent: SegmentExtent, damage: DamageHandler) {
        extent.forEachReadableRecord(damage: damage) { self.add($0) }
    }

    private mutating func add(_ record: borrowing RecordView) {
        self.recordCount += 1
        let byteCount = record.count
        if record.isFirstOfBatch { self.batchCount += 1 }
        // Every record begins with the group of its model.
        let place = self.place(ofModel: record.groupHash(0)) {
            Text(bytes: record.model.copy())
        }
        self.models[place].count(record.action, byteCount)
        self.seconds.add(record.time)
        self.add(Amount(recordCount: 1, byteCount: byteCount), at: record.time)
        guard self.groupBits != 0 else { return }
        for index in 1..<max(record.groupCount, 1) {
            let hash = record.groupHash(index)
            guard self.groupBits & 1 << (hash & 63) != 0,
                let place = self.groupHashes.firstIndex(of: hash)
            else { continue }
            self.groups[place] += Amount(recordCount: 1, byteCount: byteCount)
        }
    }

    private mutating func place(ofModel hash: UInt64, label: () -> Text) -> Int {
        if let lastModel, lastModel.hash == hash { return lastModel.place }
        let place: Int
        if let known = self.modelPlaces[hash] {
            place = known
        } else {
            place = self.models.count
            self.modelPlaces[hash] = place
            self.models.append(Model(label: label(), hash: hash))
        }
        self.lastModel = (hash, place)
        return place
    }

    private mutating func add(_ amount: Amount, at time: Int64) {
        let isSameHour = self.hours.last.map { (0..<Self.hour).contains(time &- $0.start) } ?? false
        if !isSameHour { self.hours.append(Hour(start: time.start(ofStretch: Self.hour))) }
        self.hours[self.hours.count - 1].amount += amount
    }
}
