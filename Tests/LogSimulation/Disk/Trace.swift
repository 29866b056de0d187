/// One operation of the simulated disk.
package struct DiskStep: Sendable {
    /// What the log asks of the disk.
    package enum Kind: String, Sendable, CaseIterable {
        case open, create, createDirectory, names, rename, remove, count, read, write
        case synchronize, synchronizeNames, reserve, lock, replace, map
    }

    /// How it went.
    package enum Outcome: String, Sendable {
        case done, failing, dying, refused
    }

    /// Its number, from 1.
    package let number: Int
    /// What was asked for.
    package let kind: Kind
    /// Which file or directory it was about.
    package let path: String
    /// The byte at which it begins, where that means something.
    package let position: Int
    /// How many bytes it is about, where that means something.
    package let count: Int
    /// How it went.
    package let outcome: Outcome
}

/// What happened in a run: a digest of everything, and the last steps in words.
package final class Trace {
    private enum Entry {
        case disk(DiskStep)
        case note(String)
    }

    private static let keptMax = 150
    private var kept: [Entry] = []
    private var oldest = 0

    /// A digest of all steps: the same for the same run.
    package private(set) var digest: UInt64 = 0xcbf2_9ce4_8422_2325

    /// Nothing has happened yet.
    package init() {}

    /// Notes what the simulation does.
    package func note(_ text: @autoclosure () -> String) {
        let text = text()
        self.add(text)
        self.keep(.note(text))
    }

    func note(_ step: DiskStep) {
        self.add(step.path)
        self.add(step.kind.rawValue)
        self.add(step.outcome.rawValue)
        self.add(UInt64(step.position))
        self.add(UInt64(step.count))
        self.keep(.disk(step))
    }

    /// The last steps, one a line.
    package var lastSteps: String {
        let entries = self.kept[self.oldest...] + self.kept[..<self.oldest]
        return entries.map { entry in
            switch entry {
            case .note(let text): text
            case .disk(let step):
                "    disk \(step.number) \(step.kind.rawValue) \(step.path) \(step.position)+\(step.count)"
                    + (step.outcome == .done ? "" : " \(step.outcome.rawValue.uppercased())")
            }
        }.joined(separator: "\n")
    }

    private func keep(_ entry: Entry) {
        if self.kept.count < Self.keptMax {
            self.kept.append(entry)
        } else {
            self.kept[self.oldest] = entry
            self.oldest = (self.oldest + 1) % Self.keptMax
        }
    }

    private func add(_ text: String) {
        for byte in text.utf8 { self.digest = (self.digest ^ UInt64(byte)) &* 0x100_0000_01b3 }
        self.add(UInt64(text.utf8.count))
    }

    private func add(_ number: UInt64) {
        self.digest = (self.digest ^ number) &* 0x100_0000_01b3
    }
}
