import LogModel
import TestSupport
import Testing
import WireProtocol

/// What holds for all requests, and for what is none.
struct RequestPropertyTests {
    @Test func aRequestIsReadAsItIsWritten() throws {
        let random = SeededGenerator.ofThisRun()
        let seed = random.description
        var source = RandomRequest(random: random)
        for _ in 0..<2000 {
            let request = source.request()
            let message = Livelog1Request.subscribe(id: source.random.next(), request)
            #expect(try Livelog1Request(message.json) == message, "\(seed)")
            #expect(try SubscriptionRequest(query: request.query) == request, "\(seed)")
            for condition in request.filter.conditions {
                let texts = FilterExpression.texts(of: condition)
                guard texts.count == 1 else { continue }
                #expect(try FilterExpression(texts[0]).condition == condition, "\(seed)")
            }
        }
        let end = Livelog1Request.unsubscribe(id: 7)
        #expect(end.json == Array(#"{"unsubscribe":7}"#.utf8))
    }

    @Test func aMessageIsReadOrRefusedWhateverItIs() throws {
        let random = SeededGenerator.ofThisRun()
        let seed = random.description
        var source = RandomRequest(random: random)
        var writer = RandomJSON(seed: source.random.next())
        var readCount = 0
        for round in 0..<6000 {
            let message: [UInt8] =
                switch round % 3 {
                case 0: source.random.bytes(source.random.below(60))
                case 1: writer.document()
                default: writer.mutated(Livelog1Request.subscribe(id: 1, source.request()).json)
                }
            do throws(Livelog1Error) {
                let request = try Livelog1Request(message)
                readCount += 1
                // What was understood is something that can be said.
                #expect(try Livelog1Request(request.json) == request, "\(seed)")
            } catch {
                let isKnown =
                    RequestErrorCode(rawValue: error.code) != nil
                    || JSONError.Code(rawValue: error.code) != nil
                #expect(isKnown && !error.message.isEmpty, "\(seed)")
                #expect(error.message.utf8.count < 1000, "\(seed)")
            }
        }
        #expect(readCount > 0)
    }

    @Test func aQueryIsReadOrRefusedWhateverItIs() throws {
        let random = SeededGenerator.ofThisRun()
        let seed = random.description
        var source = RandomRequest(random: random)
        var writer = RandomJSON(seed: source.random.next())
        var readCount = 0
        for round in 0..<6000 {
            var query = source.request().query
            let place = source.random.below(query.count)
            let text =
                round % 2 == 0
                ? writer.mutated(Array(query[place].value.utf8))
                : source.random.bytes(source.random.below(30))
            query[place].value = String(decoding: text, as: UTF8.self)
            do throws(RequestError) {
                let request = try SubscriptionRequest(query: query)
                readCount += 1
                #expect(try SubscriptionRequest(query: request.query) == request, "\(seed)")
            } catch {
                #expect(error.message.contains(error.member), "\(seed)")
                #expect(error.message.utf8.count < 1000, "\(seed)")
            }
        }
        #expect(readCount > 0)
    }

    @Test func aTimeOrATokenIsReadOrNotWhateverItIs() {
        let random = SeededGenerator.ofThisRun()
        let seed = random.description
        var writer = RandomJSON(seed: random.seed)
        for _ in 0..<5000 {
            let time = String(
                decoding: writer.mutated(Array("2026-11-23T10:00:00.5+01:30".utf8)), as: UTF8.self)
            guard let microseconds = RFC3339.microseconds(time) else { continue }
            #expect(RFC3339.range.contains(microseconds), "\(seed)")
        }
    }
}
