import Foundation

/// 39,039 real changes: 10,839 commits and 28,200 file versions of one repository's history.
struct Fixture {
    static let model = "repo.File"
    static let filter = "directory=src"
    static let matching = 15_180

    /// The changes, one a line.
    let file: URL
    /// The instances that a subscriber to `model` where `filter` must receive, in this order.
    let instances: [String]

    static func unpacked(into directory: URL) async throws -> Fixture {
        let file = directory.appending(path: "changes.ndjson")
        try await ChildProcess.shell(
            #"gzip --decompress --stdout "$PACKED" > "$FILE""#,
            environment: ["PACKED": Places.fixture.path, "FILE": file.path]
        ).output()
        return Fixture(file: file, instances: try matchingInstances(of: file))
    }

    private static func matchingInstances(of file: URL) throws -> [String] {
        try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).compactMap { line in
            guard let change = try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any],
                change["model"] as? String == model,
                let instance = change["instance"] as? [String: Any],
                instance["directory"] as? String == "src"
            else { return nil }
            return try canonicalJSON(instance)
        }
    }
}
