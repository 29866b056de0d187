package import LogModel

/// Gives the entries of two sources to `body` in the order of their hashes. Of a hash that both have, the
/// entry with the larger offset is taken. What lies below `bound` is left out.
///
/// A source gives its entries by hash ascending and each hash once, and then nil for good.
package func mergeRuns<Failure: Error>(
    _ left: () throws(Failure) -> RunEntry?, _ right: () throws(Failure) -> RunEntry?,
    droppingBelow bound: Offset = .zero, into body: (RunEntry) throws(Failure) -> Void
) throws(Failure) {
    var fromLeft = try left()
    var fromRight = try right()
    while true {
        let entry: RunEntry
        switch (fromLeft, fromRight) {
        case (nil, nil):
            return
        case (let only?, nil):
            entry = only
            fromLeft = try left()
        case (nil, let only?):
            entry = only
            fromRight = try right()
        case (let one?, let other?):
            if one.hash < other.hash {
                entry = one
            } else if other.hash < one.hash {
                entry = other
            } else {
                entry = one.offset < other.offset ? other : one
            }
            if one.hash <= other.hash { fromLeft = try left() }
            if other.hash <= one.hash { fromRight = try right() }
        }
        if entry.offset >= bound.rawValue { try body(entry) }
    }
}
