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

    /// Where two frames part.
    static func bytes(_ frame: [UInt8], _ plain: [UInt8]) -> String {
        let place = zip(frame, plain).prefix { $0 == $1 }.count
        let start = max(0, place - Self.quotedCount / 2)
        func quoted(_ bytes: [UInt8]) -> String {
            String(decoding: bytes.dropFirst(start).prefix(Self.quotedCount), as: UTF8.self)
        }
        return
            "the frames part at byte \(place): the server's code has …\(quoted(frame))…, the second rendering "
            + "…\(quoted(plain))…"
    }
}
