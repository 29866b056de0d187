import LogModel
import WireProtocol

extension Subscription.Condition {
    /// Reads a condition that somebody typed: `list_id=42`, `state!="done"`, `total<10`, `total>=10`,
    /// `name^=ab` for a prefix, `list_id in [1,2]`. The language is that of the URL (docs/protocol/http.md).
    ///
    /// - Throws: `invalid-argument` if it is none of these.
    public init(expression: String) throws(ClientError) {
        do throws(RequestError) {
            let condition = try FilterExpression(expression).condition
            self.init(property: condition.property.string, Test(condition.test))
        } catch {
            throw ClientError(
                .invalidArgument, "\"\(expression)\" is not a condition: \(error.message)")
        }
    }
}

extension Subscription.Condition.Test {
    fileprivate init(_ test: Condition.Test) {
        switch test {
        case .isIn(let values): self = .isIn(values.map(ScalarValue.init))
        case .isNot(let values): self = .isNot(values.map(ScalarValue.init))
        case .order(let order, let value): self = .order(.init(order), ScalarValue(value))
        case .hasPrefix(let text): self = .hasPrefix(text.string)
        }
    }
}

extension Subscription.Condition.Order {
    fileprivate init(_ order: Condition.Order) {
        switch order {
        case .less: self = .less
        case .atMost: self = .atMost
        case .greater: self = .greater
        case .atLeast: self = .atLeast
        }
    }
}

extension ScalarValue {
    fileprivate init(_ scalar: Scalar) {
        switch scalar.kind {
        case .null: self = .null
        case .boolean: self = .boolean(scalar.text.string == "true")
        case .number: self = .number(scalar.text.string)
        case .string: self = .string(scalar.text.string)
        }
    }
}
