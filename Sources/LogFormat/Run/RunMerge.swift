import LogModel

/// Where entries that are merged come from.
public protocol RunEntrySource {
    /// What reading can throw.
    associatedtype Failure: Error
    /// The next entry, or nil for good. Hashes ascend, each comes once.
    mutating func next() throws(Failure) -> RunEntry?
}

/// Gives the entries of several sources to `body` in the order of their hashes. Of a hash that several have,
/// the entry with the largest offset is taken.
///
/// Takes time in proportion to the entries times the sources, and memory for one entry of each.
public func mergeRuns<Source: RunEntrySource>(
    _ sources: [Source], into body: (RunEntry) throws(Source.Failure) -> Void
) throws(Source.Failure) {
    var sources = sources
    var heads: [RunEntry?] = []
    for index in sources.indices { heads.append(try sources[index].next()) }
    while true {
        var least: RunEntry?
        for case let head? in heads {
            guard let entry = least else {
                least = head
                continue
            }
            if head.hash < entry.hash
                || (head.hash == entry.hash && head.offset > entry.offset)
            {
                least = head
            }
        }
        guard let least else { return }
        for index in heads.indices where heads[index]?.hash == least.hash {
            heads[index] = try sources[index].next()
        }
        try body(least)
    }
}
