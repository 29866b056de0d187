import FoundationEssentials
import Glibc
import Settings

/// A configuration file on disk, with the files that it names, which lie beside it unless they say otherwise.
struct SettingsFile {
    let path: String

    /// Reads it. Throws what is wrong with it.
    func load() throws(SettingsError) -> (settings: Settings, files: [String]) {
        let directory = self.path.lastIndex(of: "/").map { String(self.path[...$0]) } ?? ""
        var files = [self.path]
        let text: String
        switch Self.read(self.path) {
        case .success(let read): text = read
        case .failure(let error): throw SettingsError(file: error.description)
        }
        let settings = try Settings(yaml: text) { name in
            let path = name.hasPrefix("/") ? name : directory + name
            files.append(path)
            return Self.read(path)
        }
        return (settings, files)
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
