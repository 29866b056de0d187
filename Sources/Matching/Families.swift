import LogFormat
import LogModel

/// The names of groups without their values, each once however many groups share it: model, property, and whether
/// the value is null.
struct Families {
    /// One name.
    struct Family {
        /// Where the model is in the pool; the property follows, from the next word on.
        var text: UInt32 = 0
        var modelCount: UInt16 = 0
        var propertyCount: UInt16 = 0
        var isNull = false
        /// How many groups have the name.
        var groupCount: UInt32 = 0

        /// Bytes of both texts, with zeros behind the model.
        var byteCount: Int { FilterProgram.padded(Int(self.modelCount)) + Int(self.propertyCount) }
    }

    private struct Name: Hashable {
        let model: Text
        let property: Text
        let isNull: Bool

        init(_ group: GroupKey) {
            self.model = group.model
            self.property = group.property
            self.isNull = group.value.kind == .null
        }
    }

    private var families: [Family] = []
    private var vacant: [UInt32] = []
    private var numbers: [Name: UInt32] = [:]

    /// The number of the name of `group`, if there is one.
    func number(of group: GroupKey) -> UInt32? { self.numbers[Name(group)] }

    /// The number of the name of `group`, which one group more has now.
    mutating func retain(_ group: GroupKey, in pool: inout WordPool) -> UInt32 {
        let name = Name(group)
        if let number = self.numbers[name] {
            self.families[Int(number)].groupCount += 1
            return number
        }
        var text = group.model.bytes
        text.append(
            contentsOf: repeatElement(0, count: FilterProgram.padded(text.count) - text.count))
        text += group.property.bytes
        let family = Family(
            text: pool.allocate(text.span.bytes), modelCount: UInt16(group.model.bytes.count),
            propertyCount: UInt16(group.property.bytes.count), isNull: name.isNull, groupCount: 1)
        let number = self.vacant.popLast() ?? UInt32(self.families.count)
        if number == self.families.count {
            self.families.append(family)
        } else {
            self.families[Int(number)] = family
        }
        self.numbers[name] = number
        return number
    }

    /// Notes that one group less has the name of `group`, whose number is `number`.
    mutating func release(_ number: UInt32, _ group: GroupKey, in pool: inout WordPool) {
        self.families[Int(number)].groupCount -= 1
        guard self.families[Int(number)].groupCount == 0 else { return }
        let family = self.families[Int(number)]
        pool.free(family.text, byteCount: family.byteCount)
        self.numbers[Name(group)] = nil
        self.vacant.append(number)
    }

    /// Whether `entry` of `record` has the name with this number.
    @inline(__always)
    func isName(
        _ number: UInt32, of entry: GroupEntry, in record: borrowing RecordView, _ pool: RawSpan
    ) -> Bool {
        let family = self.families[Int(number)]
        let model = Int(family.text) * 8
        let property = model + FilterProgram.padded(Int(family.modelCount))
        return family.isNull == (entry.valueKind == .null)
            && record.property(of: entry).hasBytes(
                of: pool, at: property, Int(family.propertyCount))
            && record.model.hasBytes(of: pool, at: model, Int(family.modelCount))
    }
}
