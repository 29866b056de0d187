import LogModel
import Testing
import WireProtocol

struct JSONPropertyTests {
    private let limits = JSONLimits(numberLengthMax: 1000)

    @Test(arguments: 0..<8)
    func randomDocumentsAreReadAsTheReferenceReadsThem(seed: UInt64) {
        var writer = RandomJSON(seed: seed)
        for _ in 0..<250 {
            let bytes = writer.document()
            let document = try? JSONDocument(parsing: bytes, limits: self.limits)
            let value = document.map { $0.value($0.root) }
            #expect(value == JSONReference.read(bytes), "\(String(decoding: bytes, as: UTF8.self))")
        }
    }

    @Test(arguments: 100..<108)
    func mutatedDocumentsAreAcceptedOrRefusedAsTheReferenceDoes(seed: UInt64) {
        var writer = RandomJSON(seed: seed)
        for _ in 0..<100 {
            let original = writer.document()
            for _ in 0..<10 {
                let bytes = writer.mutated(original)
                let document = try? JSONDocument(parsing: bytes, limits: self.limits)
                let value = document.map { $0.value($0.root) }
                #expect(value == JSONReference.read(bytes), "\(bytes)")
            }
        }
    }

    @Test(arguments: 200..<204)
    func minifyingChangesNoValue(seed: UInt64) throws {
        var writer = RandomJSON(seed: seed)
        for _ in 0..<250 {
            let bytes = writer.document()
            guard let document = try? JSONDocument(parsing: bytes, limits: self.limits) else {
                continue
            }
            let minified = JSONText.minified(document.rawText(of: document.root))
            let again = try JSONDocument(parsing: minified, limits: self.limits)
            #expect(document.scalars(document.root) == again.scalars(again.root))
            #expect(JSONText.minified(minified[...]) == minified)
            #expect(!again.hasSpaceOutsideStrings)
        }
    }
}

extension JSONDocument {
    /// All keys and scalars in their order.
    fileprivate func scalars(_ node: Node) -> [Scalar] {
        if let scalar = self.scalar(node) { return [scalar] }
        return self.elements(of: node).flatMap { self.scalars($0) }
            + self.members(of: node).flatMap {
                [Scalar(kind: .string, text: $0.key)] + self.scalars($0.value)
            }
    }

    fileprivate var hasSpaceOutsideStrings: Bool {
        var isInString = false
        var isEscaped = false
        for byte in self.bytes {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString.toggle()
            } else if !isInString, byte <= 0x20 {
                return true
            }
        }
        return false
    }
}
