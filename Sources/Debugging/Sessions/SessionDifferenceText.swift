import LogModel

/// Says in words what two sides have of a batch, or of what is told at once.
enum SessionDifferenceText {
    /// Bytes that are quoted around the first that differs.
    private static let quotedCount = 60

    /// The first record of which the sides have something else; nil if it is only told in other bytes.
    static func firstPair(
        _ found: [RunningPiece.Given], _ judged: [RunningPiece.Given]
    ) -> (offset: Offset, text: String)? {
        var (left, right) = (found[...], judged[...])
        while let one = left.first, one == right.first {
            left.removeFirst()
            right.removeFirst()
        }
        switch (left.first, right.first) {
        case (nil, nil): return nil
        case (let one?, let other) where other.map { one.offset < $0.offset } ?? true:
            return (
                one.offset,
                "the matcher has it (\(one.change.name)), the brute-force matcher has it not"
            )
        case (let one, let other?) where one.map { other.offset < $0.offset } ?? true:
            return (
                other.offset,
                "the brute-force matcher has it (\(other.change.name)), the matcher has it not"
            )
        case (let one?, let other?):
            return (
                one.offset,
                "the matcher says \(one.change.name), the brute-force matcher \(other.change.name)"
            )
        case (_, nil), (nil, _): return nil
        }
    }

    /// Where two frames part, that have the same records: the place of the record that is told differently, and both of them
    /// around there.
    ///
    /// - Parameter ends: where each record of the second one ends, from its first record on.
    static func bytes(
        _ frame: [UInt8], _ plain: [UInt8], ends: [Int]
    ) -> (record: Int?, text: String) {
        let (frame, plain) = (self.records(of: frame), self.records(of: plain))
        let same = zip(frame, plain).prefix { $0 == $1 }.count
        func quoted(_ bytes: ArraySlice<UInt8>) -> String {
            let part = bytes.dropFirst(max(0, same - Self.quotedCount / 2))
            return String(decoding: part.prefix(Self.quotedCount), as: UTF8.self)
        }
        return (
            ends.firstIndex { $0 > same },
            "told differently: the server's code says …\(quoted(frame))…, the second rendering "
                + "…\(quoted(plain))…"
        )
    }

    /// A frame from its first record on; all of a frame of rest-live.
    private static func records(of frame: [UInt8]) -> ArraySlice<UInt8> {
        let start = frame.firstRange(of: Array("{\"offset\":".utf8))?.lowerBound
        return frame[(start ?? frame.startIndex)...]
    }
}
