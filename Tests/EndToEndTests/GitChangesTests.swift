import Foundation
import Testing

/// `tools/git-changes` on a history made for the purpose.
@Suite struct GitChangesTests {
    @Test func everyCommitAndEveryTouchedFileIsAChange() async throws {
        try await withTemporaryDirectory { repository in
            try await run(history, in: repository)
            let lines = try await run(#"exec "$GIT_CHANGES" ."#, in: repository)
            let summaries = try lines.map { line in
                let change = try JSONDecoder().decode(HistoryChange.self, from: Data(line.utf8))
                return "\(change.action) \(change.instance)"
            }
            #expect(
                summaries == [
                    "CREATED commit 1 by 1: first, 3 files",
                    "CREATED binary.dat by 1: binary",
                    #"CREATED src/a "b".c by 1: +1 -0"#,
                    "CREATED src/é.c by 1: +2 -0",
                    "CREATED commit 2 by 2: second, 3 files",
                    #"DELETED src/a "b".c by 2: +0 -1"#,
                    "CREATED src/moved.c by 2: +1 -0",
                    "UPDATED src/é.c by 2: +1 -1",
                    "CREATED commit 3 by 1: nothing, 0 files",
                ])
        }
    }

    @Test func aReaderThatHasEnoughEndsItWithoutAWord() async throws {
        try await withTemporaryDirectory { repository in
            try await run(history, in: repository)
            let lines = try await run(
                #"set +o pipefail; "$GIT_CHANGES" . | head -n 1"#, in: repository)
            #expect(lines.count == 1)
        }
    }

    @Test func whatIsNoRepositoryIsToldInOneSentence() async throws {
        try await withTemporaryDirectory { directory in
            let tool = try ChildProcess(gitChanges, [directory.path])
            #expect(await tool.nextLine() == nil)
            #expect(await tool.ending() == .exited(1))
            #expect(
                await tool.finalErrorOutput
                    == "git-changes: \(directory.path) is not a git repository")
        }
    }
}

private let gitChanges = Places.repository.appending(path: "tools/git-changes")

private let history = #"""
    git init --quiet
    commit() { git add --all && git -c user.name=n -c user.email="$1" commit --quiet --allow-empty --message "$2"; }
    mkdir src
    printf '\0' > binary.dat
    echo 1 > 'src/a "b".c'
    printf '1\n2\n' > src/é.c
    commit one@example.org first
    mv 'src/a "b".c' src/moved.c
    printf '1\n3\n' > src/é.c
    commit two@example.org second
    commit one@example.org nothing
    """#

/// Runs a script that ends well without complaint, and returns its output's lines.
@discardableResult
private func run(_ script: String, in directory: URL) async throws -> [String] {
    let shell = try ChildProcess.shell(
        script, environment: ["GIT_CHANGES": gitChanges.path, "GIT_CONFIG_GLOBAL": "/dev/null"],
        directory: directory)
    let lines = try await shell.output()
    #expect(shell.errorOutput.isEmpty)
    return lines
}

/// A change, as far as a made history can know it: no hash and no time.
private struct HistoryChange: Decodable {
    let action: String
    let instance: Instance

    enum Instance: Decodable, CustomStringConvertible {
        case commit(Commit)
        case file(File)

        struct Commit: Decodable {
            let id: Int
            let author_id: Int
            let subject: String
            let files: Int
        }

        struct File: Decodable {
            let id: String
            let author_id: Int
            let added: Int?
            let removed: Int?
        }

        init(from decoder: any Decoder) throws {
            if let commit = try? Commit(from: decoder) {
                self = .commit(commit)
            } else {
                self = .file(try File(from: decoder))
            }
        }

        var description: String {
            switch self {
            case .commit(let commit):
                "commit \(commit.id) by \(commit.author_id): \(commit.subject), \(commit.files) files"
            case .file(let file):
                "\(file.id) by \(file.author_id): " + lines(of: file)
            }
        }

        private func lines(of file: File) -> String {
            guard let added = file.added, let removed = file.removed else { return "binary" }
            return "+\(added) -\(removed)"
        }
    }
}
