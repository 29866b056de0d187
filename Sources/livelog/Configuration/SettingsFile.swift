import FoundationEssentials
import Glibc
import Settings

/// A configuration file on disk, with the files that it names, which lie beside it unless they say otherwise.
struct SettingsFile {
    let path: String

    /// Reads it. Throws what is wrong with it.
    func load() throws(SettingsError) -> (settings: Settings, files: [String]) {
        let files = FilesBeside(self.path)
        let text: String
        switch Self.read(self.path) {
        case .success(let read): text = read
        case .failure(let error): throw SettingsError(file: error.description)
        }
        return (try Settings(yaml: text, files: files), [self.path] + files.read)
    }

    /// The text of a file, or why there is none.
    static func read(_ path: String) -> Result<String, SettingsFileError> {
        guard let data = FileManager.default.contents(atPath: path) else {
            return .failure(
                SettingsFileError("\(path) cannot be read: \(String(cString: strerror(errno)))"))
        }
        guard data.count <= Settings.byteCountMax else {
            return .failure(
                SettingsFileError("\(path) has more than \(Settings.byteCountMax) bytes"))
        }
        guard let text = String(data: data, encoding: .utf8) else {
            return .failure(SettingsFileError("\(path) is not UTF-8"))
        }
        return .success(text)
    }
}

/// The files beside a configuration, and which of them were read.
private final class FilesBeside: SettingsFiles {
    private let directory: String
    private(set) var read: [String] = []

    init(_ path: String) {
        self.directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    }

    func read(_ name: String) -> Result<String, SettingsFileError> {
        let place = self.place(of: name)
        self.read.append(place)
        return SettingsFile.read(place)
    }

    func place(of name: String) -> String {
        name.hasPrefix("/") ? name : self.directory + name
    }
}

/// When files were last changed, to see that they were changed again.
struct FileTimes: Equatable {
    private struct Mark: Equatable {
        let time: Date?
        let byteCount: Int?
        let number: Int?
    }

    private var marks: [String: Mark] = [:]

    /// Looks at `files`; one that is not there has no mark.
    init(_ files: [String]) {
        for file in files {
            guard let facts = try? FileManager.default.attributesOfItem(atPath: file) else {
                continue
            }
            self.marks[file] = Mark(
                time: facts[.modificationDate] as? Date, byteCount: facts[.size] as? Int,
                number: facts[.systemFileNumber] as? Int)
        }
    }
}
