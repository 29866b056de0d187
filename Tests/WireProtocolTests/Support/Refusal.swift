import WireProtocol

/// The errors of requests that are refused; nil for those that are not.
enum Refusal {
    static func of(message: [UInt8]) -> Livelog1Error? {
        do throws(Livelog1Error) {
            _ = try Livelog1Request(message)
            return nil
        } catch {
            return error
        }
    }

    static func of(
        query: [(name: String, value: String)], ignoring: Set<String> = []
    ) -> RequestError? {
        do throws(RequestError) {
            _ = try SubscriptionRequest(query: query, ignoring: ignoring)
            return nil
        } catch {
            return error
        }
    }

    static func of(expression: String) -> RequestError? {
        do throws(RequestError) {
            _ = try FilterExpression(expression)
            return nil
        } catch {
            return error
        }
    }
}
