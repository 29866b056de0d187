import LogFormat
package import LogModel
package import LogStorage

/// How many records there are, of what and when: counted in one pass over all of them.
package struct LogStatistics {
    /// Records and their bytes.
    package struct Amount: Hashable, Sendable {
        package fileprivate(set) var recordCount = 0
        package fileprivate(set) var byteCount = 0
    }

    /// What there is of one model.
    package struct Model: Hashable, Sendable {
        /// Its label.
        package let label: Text
        package fileprivate(set) var created = 0
        package fileprivate(set) var updated = 0
        package fileprivate(set) var deleted = 0
        /// Bytes of its records.
        package fileprivate(set) var byteCount = 0
        /// All of its records.
        package var recordCount: Int { self.created + self.updated + self.deleted }
    }

    /// What was appended in one hour.
    package struct Hour: Hashable, Sendable {
        /// When it began, in microseconds since 1970.
        package let start: Int64
        package fileprivate(set) var amount = Amount()
    }

    private static let hour: Int64 = 3_600_000_000
    private static let second: Int64 = 1_000_000

    /// The models, in the order of their first records.
    package private(set) var models: [Model] = []
    /// The hours in which something was appended, ascending.
    package private(set) var hours: [Hour] = []
    /// The second in which most records were appended, in microseconds since 1970, and how many.
    package private(set) var busiest: (start: Int64, recordCount: Int)?
    /// Batches of which the first record is there.
    package private(set) var batchCount = 0
    /// Records of each of the groups that were asked about, and their bytes, in their order.
    package private(set) var groups: [Amount]
    private let groupHashes: [UInt64]
    /// A bit for each hash of a group, by its lowest bits: most hashes are seen at once not to be one of them.
    private let groupBits: UInt64
    private var modelPlaces: [UInt64: Int] = [:]
    private var lastModel: (hash: UInt64, place: Int)?
    private var currentSecond: (start: Int64, count: Int) = (.min, 0)
    /// Records that were counted.
    package private(set) var recordCount = 0

    /// Prepares to count, and to count the records of the groups with these hashes by themselves.
    package init(groups hashes: [UInt64]) {
        self.groupHashes = hashes
        self.groups = hashes.map { _ in Amount() }
        self.groupBits = hashes.reduce(0) { $0 | 1 << ($1 & 63) }
    }

    /// Counts the records of `extent`. `damage` is told of those that cannot be read.
    package mutating func add(_ extent: SegmentExtent, damage: DamageHandler) {
        extent.forEachReadableRecord(damage: damage) { self.add($0) }
    }

    private mutating func add(_ record: borrowing RecordView) {
        self.recordCount += 1
        let byteCount = record.count
        if record.isFirstOfBatch { self.batchCount += 1 }
        let place = self.place(ofModelOf: record)
        self.models[place].byteCount += byteCount
        switch record.action {
        case .created: self.models[place].created += 1
        case .updated: self.models[place].updated += 1
        case .deleted: self.models[place].deleted += 1
        }
        self.addTime(record.time, byteCount)
        guard self.groupBits != 0 else { return }
        for index in 1..<max(record.groupCount, 1) {
            let hash = record.groupHash(index)
            guard self.groupBits & 1 << (hash & 63) != 0,
                let place = self.groupHashes.firstIndex(of: hash)
            else { continue }
            self.groups[place].recordCount += 1
            self.groups[place].byteCount += byteCount
        }
    }

    /// Every record begins with the group of its model.
    private mutating func place(ofModelOf record: borrowing RecordView) -> Int {
        let hash = record.groupHash(0)
        if let lastModel, lastModel.hash == hash { return lastModel.place }
        let place: Int
        if let known = self.modelPlaces[hash] {
            place = known
        } else {
            place = self.models.count
            self.modelPlaces[hash] = place
            self.models.append(Model(label: Text(bytes: record.model.copy())))
        }
        self.lastModel = (hash, place)
        return place
    }

    private mutating func addTime(_ time: Int64, _ byteCount: Int) {
        if (0..<Self.second).contains(time &- self.currentSecond.start) {
            self.currentSecond.count += 1
        } else {
            self.currentSecond = (Self.start(of: time, Self.second), 1)
        }
        if self.currentSecond.count > self.busiest?.recordCount ?? 0 {
            self.busiest = (self.currentSecond.start, self.currentSecond.count)
        }
        let isSameHour = self.hours.last.map { (0..<Self.hour).contains(time &- $0.start) } ?? false
        if !isSameHour { self.hours.append(Hour(start: Self.start(of: time, Self.hour))) }
        self.hours[self.hours.count - 1].amount.recordCount += 1
        self.hours[self.hours.count - 1].amount.byteCount += byteCount
    }

    /// The beginning of the stretch of this length that `time` is in; also before 1970.
    private static func start(of time: Int64, _ length: Int64) -> Int64 {
        let rest = time % length
        return time - (rest < 0 ? rest + length : rest)
    }
}
