import LogFormat
import LogModel
import LogSimulation
import LogStorage
import TestSupport

/// A log whose files were damaged: opening it answers or refuses, and what it opens can be read from the first to the
/// last record, each right or refused, and appended to.
enum RecoveryTarget {
    private static let folder = "/log"
    private static let pageCount = 4096

    private struct File {
        let name: String
        var bytes: [UInt8]
    }

    /// The files of a log with some sealed segments, of a process that was killed.
    private static let files: [File] = {
        let disk = SimulatedDisk(seed: 1)
        do throws(StorageError) {
            let writer = try Recovery.open(LogDirectory(Self.folder, on: disk), options: .small)
                .writer
            for number in 0..<60 as Range<UInt64> {
                try writer.commit(TortureBatch(number).changes, time: Int64(number) * 1_000_000)
            }
        } catch {
            fail("the log to damage could not be made: \(error)")
        }
        return disk.listing(of: Self.folder).compactMap { name in
            disk.contents(of: "\(Self.folder)/\(name)").map { File(name: name, bytes: $0) }
        }
    }()

    /// Each six bytes of `input` are one damage: what, in which file, where (three bytes), and with which byte.
    static func run(_ input: [UInt8]) -> Int {
        var choices = Choices(input)
        var files = Self.files
        for _ in 0..<16 where !choices.isEmpty && !files.isEmpty { Self.damage(&files, &choices) }
        let disk = SimulatedDisk(seed: 2)
        do throws(StorageError) {
            try disk.createDirectory(Self.folder)
            for file in files {
                let path = "\(Self.folder)/\(file.name)"
                try disk.open(path, .createOrOpen).write(file.bytes.span.bytes, at: 0)
            }
        } catch {
            fail("the damaged files could not be written: \(error)")
        }
        do throws(StorageError) {
            let writer = try Recovery.open(LogDirectory(Self.folder, on: disk), options: .small)
                .writer
            let count = Self.read(writer.log)
            let end = writer.log.watermarks.visible
            let visible = try writer.commit(TortureBatch(1000).changes, time: 0)
            require(visible > end, "what was appended is not visible")
            return count
        } catch {
            require(!error.message.isEmpty)
            return error.message.utf8.count
        }
    }

    private static func damage(_ files: inout [File], _ choices: inout Choices) {
        let kind = choices.below(6)
        let index = choices.below(files.count)
        let place = choices.below(1 << 24)
        let value = choices.byte()
        let count = files[index].bytes.count
        guard count > 0 else { return }
        switch kind {
        case 0: files[index].bytes[place % count] ^= value
        case 1: files[index].bytes[place % min(count, Self.pageCount)] = value
        case 2: files[index].bytes.removeLast(place % (count + 1))
        case 3: files.remove(at: index)
        case 4:
            // A page that says something else, with a checksum that is right.
            guard count >= Self.pageCount else { return }
            files[index].bytes[place % 256] = value
            files[index].bytes.replaceSubrange(
                ..<Self.pageCount, with: PagesTarget.page(Array(files[index].bytes[..<4092])))
        default:
            let start = place % count
            let end = min(count, start + Int(value) * 16)
            files[index].bytes.replaceSubrange(
                start..<end, with: repeatElement(0, count: end - start))
        }
    }

    /// Reads every record, and returns how many could be read.
    private static func read(_ log: ChangeLog) -> Int {
        var count = 0
        var offset = log.first
        let end = log.watermarks.visible
        while offset < end {
            do throws(StorageError) {
                let found = try log.withRecord(at: offset) { record throws(StorageError) in
                    record.offset
                }
                if let found {
                    require(found == offset, "\(found) was read at \(offset)")
                    count += 1
                }
            } catch {
                require(error.code == .corrupt, "\(error) in a log that was opened")
            }
            offset = offset.next
        }
        return count
    }
}
