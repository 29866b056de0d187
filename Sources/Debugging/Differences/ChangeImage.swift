import LogFormat
import LogModel

/// What a record says that its producer said: all but when and where it was appended.
struct ChangeImage: Hashable {
    private let action: Action
    private let model: [UInt8]
    private let keyKind: Scalar.Kind
    private let key: [UInt8]
    private let instance: [UInt8]
    private let parts: [[UInt8]]

    init(_ record: borrowing RecordView) {
        self.action = record.action
        self.model = record.model.copy()
        self.keyKind = record.keyKind
        self.key = record.key.copy()
        self.instance = record.instance.copy()
        var parts: [[UInt8]] = []
        for index in 0..<record.groupCount {
            let entry = record.group(index)
            // What it left follows from what was before.
            if entry.membership == .left { continue }
            parts.append(record.property(of: entry).copy())
            parts.append([entry.valueKind.rawValue] + record.value(of: entry).copy())
        }
        for index in 0..<record.viewCount {
            let view = record.view(index)
            parts.append(record.name(of: view).copy())
            parts.append(record.json(of: view).copy())
        }
        self.parts = parts
    }
}
