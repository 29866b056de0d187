package import LogFormat

/// The file `meta` as it is, read without changing anything.
package struct MetaPages: Hashable, Sendable {
    /// The page that counts.
    package let newest: MetaPage
    /// What is wrong with a page, by the byte in the file.
    let failures: [FormatError]

    /// Whether the other page may have been the one that counted, so that opening would assume the worst.
    var isUncertain: Bool { !self.failures.isEmpty }

    /// The page that opening would go by.
    var effective: MetaPage {
        var page = self.newest
        if self.isUncertain {
            page.isClosedCleanly = false
            page.isVisibleAheadOfDurable = true
            page.boot = MetaFile.unknownBoot
        }
        return page
    }

    /// Reads the pages in `bytes`, which are the whole file.
    ///
    /// Throws the reason if none is valid.
    init(_ bytes: [UInt8]) throws(FormatError) {
        var newest: MetaPage?
        var failures: [FormatError] = []
        var isSecondUnwritten = false
        for (index, start) in [0, MetaPage.count].enumerated() {
            let count = max(0, min(MetaPage.count, bytes.count - start))
            let part = bytes.span.bytes.slice(min(start, bytes.count), count)
            do throws(FormatError) {
                let page = try MetaPage(reading: part)
                if page.generation % 2 != UInt64(index) {
                    failures.append(
                        FormatError(
                            .wrongField,
                            "the page with generation \(page.generation) is out of its place",
                            position: start + 16))
                } else if let other = newest,
                    other.identity != page.identity || other.hashKey != page.hashKey
                        || max(other.generation, page.generation)
                            != min(other.generation, page.generation) + 1
                {
                    failures.append(
                        FormatError(
                            .wrongField,
                            "the two pages are not of one log, or not one after the other",
                            position: start + 16))
                }
                if page.generation >= newest?.generation ?? 0 { newest = page }
            } catch {
                let isZero =
                    count == MetaPage.count && bytes[start..<start + count].allSatisfy { $0 == 0 }
                if index == 1 && isZero {
                    isSecondUnwritten = true
                } else {
                    failures.append(
                        FormatError(error.code, error.message, position: start + error.position))
                }
            }
        }
        guard let newest else {
            throw failures.first
                ?? FormatError(.truncated, "the file is empty", position: 0)
        }
        // The second page is written when the log is opened for the first time.
        if isSecondUnwritten && newest.generation > 0 {
            failures.append(
                FormatError(
                    .wrongMagic, "the page is zeros although it was written",
                    position: MetaPage.count))
        }
        if bytes.count != 2 * MetaPage.count && failures.isEmpty {
            failures.append(
                FormatError(
                    .wrongLength,
                    "the file has \(bytes.count) bytes and not \(2 * MetaPage.count)",
                    position: min(bytes.count, 2 * MetaPage.count)))
        }
        self.newest = newest
        self.failures = failures
    }
}
