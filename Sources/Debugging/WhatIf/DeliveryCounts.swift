import LogModel

/// How many records somebody gets.
package struct DeliveryCounts: Hashable, Sendable {
    /// Records that brought an instance into the set.
    package private(set) var entered = 0
    /// Records of instances that were in the set and stayed.
    package private(set) var updated = 0
    /// Records that took an instance out of the set.
    package private(set) var left = 0
    /// Records by which an instance of the set was deleted.
    package private(set) var deleted = 0

    /// Creates counts of nothing.
    package init() {}

    /// All of them.
    package var total: Int { self.entered + self.updated + self.left + self.deleted }

    mutating func count(_ change: SetChange) {
        switch change {
        case .entered: self.entered += 1
        case .updated: self.updated += 1
        case .left: self.left += 1
        case .deleted: self.deleted += 1
        }
    }
}

/// How much was delivered when.
package struct DeliveryTimes: Hashable, Sendable {
    /// What was delivered in an hour.
    package struct Hour: Hashable, Sendable {
        /// When it begins, in microseconds since 1970.
        package let start: Int64
        /// Records.
        package fileprivate(set) var records = 0
        /// Bytes of these records, as JSON.
        package fileprivate(set) var bytes = 0
    }

    /// The hours in which something was delivered, ascending.
    package private(set) var hours: [Hour] = []
    /// The records of the busiest second, the first of those that are the busiest.
    package var peakRate: Int { self.seconds.busiest?.recordCount ?? 0 }
    /// When that second begins, in microseconds since 1970.
    package var peakTime: Int64 { self.seconds.busiest?.start ?? 0 }

    private var seconds = BusiestSecond()

    private static let microsecondsInHour: Int64 = 3_600_000_000

    /// Creates times at which nothing was delivered.
    package init() {}

    /// Counts a record of `time`. Times never decrease from record to record.
    mutating func count(_ time: Int64, bytes: Int) {
        self.seconds.add(time)
        let hour = time.start(ofStretch: Self.microsecondsInHour)
        if self.hours.last?.start != hour { self.hours.append(Hour(start: hour)) }
        self.hours[self.hours.count - 1].records += 1
        self.hours[self.hours.count - 1].bytes += bytes
    }
}
