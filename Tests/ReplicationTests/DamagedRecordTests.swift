import Foundation
import LogModel
import LogStorage
import Replication
import TestSupport
import Testing
import WireProtocol

/// A record that is damaged while the server runs ends the sessions that need it, and no other.
struct DamagedRecordTests {
    @Test func whoNeedsADamagedRecordIsClosedAndOthersGoOn() throws {
        try withTemporaryDirectory(inMemory: true) { directory in
            let server = Server(try Recovery.open(LogDirectory(directory), options: .small).writer)
            let live = RecordingConnection()
            server.receive(#"{"subscribe":1,"model":"m"}"#, from: server.open(live))
            try server.append(3, pad: 40)
            server.settle()
            #expect(live.takeOffsets() == [0, 1, 2])
            try Self.damage(in: directory)

            let reader = RecordingConnection()
            let id = server.open(reader)
            server.receive(#"{"subscribe":1,"model":"m","from":"start"}"#, from: id)
            server.settle()
            #expect(reader.closeCode == .internalError)
            #expect(reader.takeOffsets() == [])
            server.dispatcher.close(id)

            let token = try server.log.token(at: Offset(2)).text
            let resumed = RecordingConnection()
            server.receive(
                #"{"subscribe":1,"model":"m","from":"\#(token)"}"#, from: server.open(resumed))
            try server.append()
            server.settle()
            #expect(resumed.takeOffsets() == [2, 3])
            #expect(live.takeOffsets() == [3])
            #expect(live.closeCode == nil)
        }
    }

    /// A snapshot that several clients share, and whose making meets a damaged record, was sent without records, and
    /// with a token, to all of them but the one for whom it was being made.
    @Test func aSnapshotThatCannotBeMadeIsNobodys() throws {
        try withTemporaryDirectory(inMemory: true) { directory in
            let server = Server(try Recovery.open(LogDirectory(directory), options: .small).writer)
            try server.append(3, pad: 40)
            try Self.damage(in: directory)
            let readers = (0..<3).map { _ in RecordingConnection() }
            for reader in readers {
                server.receive(
                    #"{"subscribe":1,"model":"m","from":"snapshot"}"#, from: server.open(reader))
            }
            server.settle()
            // Later, too: it is not kept for others.
            let late = RecordingConnection()
            server.receive(
                #"{"subscribe":1,"model":"m","from":"snapshot"}"#, from: server.open(late))
            server.settle()
            for reader in readers + [late] {
                #expect(reader.closeCode == .internalError)
                #expect(
                    reader.takeMessages() == [
                        #"{"subscribed":1,"plan":"group","snapshot":"requested"}"#
                    ])
            }
        }
    }

    /// Changes a byte of the first record's instance in the segment's file.
    private static func damage(in directory: String) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
        let name = try #require(names.first { $0.hasSuffix(".segment") })
        let file = try #require(FileHandle(forUpdatingAtPath: directory + "/" + name))
        let bytes = try #require(try file.readToEnd())
        let place = try #require(bytes.firstRange(of: Data("xxxx".utf8))?.lowerBound)
        try file.seek(toOffset: UInt64(place))
        try file.write(contentsOf: Data("y".utf8))
        try file.close()
    }
}
