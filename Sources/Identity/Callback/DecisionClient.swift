package import Access
import Glibc
import LogModel
package import Logging
import WireProtocol

/// Asks the application who may see which records.
///
///     {"ask":"NAME","principals":[{"subject":"7","claims":{…},"scopes":[…],"staff":false}],
///      "records":[{"model":"todolist.Task","key":1,"offset":17,"instance":{…}}],"pairs":[[0,0]]}
///     {"allowed":[true]}
///
/// A pair is the places of a principal and a record; there is one answer for each. Everything else is no answer.
package struct DecisionClient: Decider {
    /// The most bytes of an answer.
    static let bytesMax = 64 << 10

    private let callback: DecisionCallback
    private let clock: @Sendable () -> Int64
    private let logger: Logger

    /// Makes one. `clock` gives seconds since 1970-01-01T00:00:00Z; that of the system is the default.
    ///
    /// Throws if the callback cannot be asked as it is described.
    package init(
        _ callback: DecisionCallback, logger: Logger,
        clock: @escaping @Sendable () -> Int64 = { Int64(time(nil)) }
    ) throws(IdentityOptionsError) {
        if let fault = HTTPExchange.fault(
            ofCallback: "decision callback", url: callback.url, secret: callback.secret)
        {
            throw IdentityOptionsError(fault)
        }
        self.callback = callback
        self.clock = clock
        self.logger = logger
    }

    package func decide(_ inquiry: Inquiry) async -> [Bool]? {
        let exchange = HTTPExchange(
            signing: Self.json(of: inquiry), by: self.callback.secret, at: self.clock(),
            to: self.callback.url, timeoutSeconds: self.callback.timeoutSeconds,
            bodyMax: Self.bytesMax)
        let answer: HTTPExchange.Answer
        do {
            answer = try await exchange.answer()
        } catch {
            self.logger.warning(
                "the decision callback does not answer", metadata: ["reason": "\(error)"])
            return nil
        }
        guard answer.status == 200,
            let allowed = Self.allowed(answer.body, countMax: inquiry.pairs.count),
            allowed.count == inquiry.pairs.count
        else {
            self.logger.warning(
                "the decision callback's answer is not what it has to be",
                metadata: ["status": "\(answer.status)", "pairs": "\(inquiry.pairs.count)"])
            return nil
        }
        return allowed
    }

    private static func json(of inquiry: Inquiry) -> [UInt8] {
        var json = Array("{\"ask\":".utf8)
        JSONText.append(string: inquiry.name, to: &json)
        json.append(contentsOf: ",\"principals\":[".utf8)
        for (place, principal) in inquiry.principals.enumerated() {
            if place > 0 { json.append(UInt8(ascii: ",")) }
            Self.append(principal, to: &json)
        }
        json.append(contentsOf: "],\"records\":[".utf8)
        for (place, record) in inquiry.records.enumerated() {
            if place > 0 { json.append(UInt8(ascii: ",")) }
            json.append(contentsOf: "{\"model\":".utf8)
            JSONText.append(string: record.model.string, to: &json)
            json.append(contentsOf: ",\"key\":".utf8)
            JSONText.append(scalar: record.key, to: &json)
            json.append(contentsOf: ",\"offset\":\(record.offset),\"instance\":".utf8)
            json.append(contentsOf: record.instance.isEmpty ? Array("null".utf8) : record.instance)
            json.append(UInt8(ascii: "}"))
        }
        json.append(contentsOf: "],\"pairs\":[".utf8)
        json.append(
            contentsOf: inquiry.pairs.map { "[\($0.principal),\($0.record)]" }
                .joined(separator: ",").utf8)
        json.append(contentsOf: "]}".utf8)
        return json
    }

    private static func append(_ principal: Principal, to json: inout [UInt8]) {
        json.append(contentsOf: "{\"subject\":".utf8)
        JSONText.append(
            scalar: principal.isAuthenticated ? .string(principal.subject) : Scalar.null, to: &json)
        json.append(contentsOf: ",\"claims\":{".utf8)
        let claims = principal.allClaims.sorted { $0.key < $1.key }
        for (place, (name, claim)) in claims.enumerated() {
            if place > 0 { json.append(UInt8(ascii: ",")) }
            JSONText.append(string: name, to: &json)
            json.append(UInt8(ascii: ":"))
            switch claim {
            case .scalar(let value): JSONText.append(scalar: value, to: &json)
            case .list(let values): Self.append(values, to: &json)
            }
        }
        json.append(contentsOf: "},\"scopes\":".utf8)
        Self.append(principal.scopes.sorted().map { .string($0) }, to: &json)
        json.append(contentsOf: ",\"staff\":\(principal.isStaff)}".utf8)
    }

    private static func append(_ values: [Scalar], to json: inout [UInt8]) {
        json.append(UInt8(ascii: "["))
        for (place, value) in values.enumerated() {
            if place > 0 { json.append(UInt8(ascii: ",")) }
            JSONText.append(scalar: value, to: &json)
        }
        json.append(UInt8(ascii: "]"))
    }

    private static func allowed(_ body: [UInt8], countMax: Int) -> [Bool]? {
        guard
            let document = try? JSONDocument(
                parsing: body, limits: JSONLimits(depthMax: 4, tokensMax: countMax + 64)),
            let list = document.member("allowed", of: document.root),
            document.kind(of: list) == .array
        else { return nil }
        let values = document.elements(of: list).map(document.boolean)
        let allowed = values.compactMap { $0 }
        return allowed.count == values.count ? allowed : nil
    }
}
