import Debugging
import Foundation
import LogModel
import LogStorage
import TestSupport
import Testing

/// Keys go in, lines come out.
@Suite struct BrowserTests {
    /// A browser of a log, 100 columns and 12 lines if nothing else is said: 10 records.
    private static func browser(
        _ log: ChangeLog, from place: Offset? = nil, width: Int = 100, height: Int = 12
    ) -> Browser {
        Browser(
            log, name: "shop", from: place, damage: BrowserDamage(), width: width, height: height)
    }

    /// Presses keys one after the other: characters as they are, `\n` for Enter.
    private static func type(_ text: String, into browser: inout Browser) {
        for scalar in text.unicodeScalars {
            _ = browser.press(scalar == "\n" ? .enter : .character(scalar))
        }
    }

    /// The offsets of the records that are on the screen.
    private static func offsets(_ browser: Browser) -> [Int] {
        browser.screen.dropFirst().dropLast().compactMap { line in
            line.text.drop { $0 == " " || $0 == ">" }.split(separator: " ").first
                .flatMap { Int($0) }
        }
    }

    /// The offset of the record under the cursor.
    private static func current(_ browser: Browser) -> Int? {
        browser.screen.first { $0.text.hasPrefix(">") }.flatMap { line in
            line.text.dropFirst().split(separator: " ").first.flatMap { Int($0) }
        }
    }

    private static func text(_ browser: Browser) -> String {
        browser.screen.map(\.text).joined(separator: "\n")
    }

    private static func withShop(
        batches: Int = 100, _ body: (ShopLog) throws -> Void
    ) throws {
        try withTemporaryDirectory(inMemory: true) { path in
            try body(try ShopLog(seed: 7, batches: batches, in: path))
        }
    }

    @Test func itBeginsAtTheEndAndMovesByRecordsAndScreens() throws {
        try Self.withShop { shop in
            let end = shop.changes.count
            var browser = Self.browser(shop.log)
            #expect(Self.offsets(browser) == Array(end - 10..<end))
            #expect(Self.current(browser) == end - 1)
            _ = browser.press(.down)
            #expect(Self.current(browser) == end - 1)
            _ = browser.press(.up)
            #expect(Self.current(browser) == end - 2 && Self.offsets(browser).last == end - 1)
            _ = browser.press(.pageUp)
            #expect(Self.current(browser) == end - 12)
            #expect(Self.offsets(browser) == Array(end - 12..<end - 2))
            _ = browser.press(.home)
            #expect(Self.offsets(browser) == Array(0..<10) && Self.current(browser) == 0)
            Self.type(" j", into: &browser)
            #expect(Self.current(browser) == 11 && Self.offsets(browser) == Array(2..<12))
            _ = browser.press(.end)
            #expect(Self.offsets(browser) == Array(end - 10..<end))
            #expect(browser.press(.character("q")) == .quit)
        }
    }

    @Test func everyRecordIsPassedInBothDirections() throws {
        try Self.withShop(batches: 2000) { shop in
            var browser = Self.browser(shop.log, from: .zero)
            Self.type("/shop.Order state=\"paid\"\n", into: &browser)
            let expected = try Self.wanted(shop)
            var down: [Int] = []
            while let offset = Self.current(browser), offset != down.last {
                down.append(offset)
                _ = browser.press(.down)
            }
            #expect(down == expected && expected.count > 300)
            var up: [Int] = []
            while let offset = Self.current(browser), offset != up.last {
                up.append(offset)
                _ = browser.press(.up)
            }
            #expect(up == expected.reversed())
        }
    }

    /// The offsets of the changes of orders that are paid after them or were before.
    private static func wanted(_ shop: ShopLog) throws -> [Int] {
        let filter = Filter(
            model: ShopLog.model,
            conditions: [Condition(property: "state", test: .isIn([.string("paid")]))])
        let selection = RecordSelection(filter, in: shop.log)
        return try shop.changes.indices.filter { offset in
            try shop.log.withRecord(at: Offset(UInt64(offset))) { selection.wants($0) } ?? false
        }
    }

    @Test func aPlaceIsJumpedTo() throws {
        try Self.withShop { shop in
            var browser = Self.browser(shop.log)
            Self.type(":100\n", into: &browser)
            #expect(Self.current(browser) == 100 && Self.offsets(browser).first == 100)
            Self.type(":1970-01-01T00:00:50Z\n", into: &browser)
            let first = shop.changes.firstIndex { $0.batch == 50 }
            #expect(Self.current(browser) == first)
            Self.type(":soon\n", into: &browser)
            #expect(Self.text(browser).contains("neither an offset nor a time"))
            Self.type(":99999999999\n", into: &browser)
            #expect(Self.current(browser) == shop.changes.count - 1)
            Self.type(":12", into: &browser)
            #expect(browser.screen.last?.text.hasPrefix(":12") == true)
            _ = browser.press(.escape)
            #expect(browser.screen.last?.text.contains("? help") == true)
        }
    }

    @Test func aRecordIsShownWithItsChangeAndSoAreThoseBesideIt() throws {
        try Self.withShop { shop in
            let offset = try #require(shop.changes.lastIndex { $0.action == .updated })
            let before = try #require(
                shop.changes[..<offset].lastIndex { $0.key == shop.changes[offset].key })
            var browser = Self.browser(shop.log, from: Offset(UInt64(offset)), height: 40)
            _ = browser.press(.enter)
            #expect(Self.text(browser).contains("record \(offset)"))
            #expect(Self.text(browser).contains("the change since record \(before)"))
            #expect(Self.text(browser).contains("  id: \(shop.changes[offset].key)"))
            Self.type("p", into: &browser)
            #expect(Self.text(browser).contains("record \(offset - 1)"))
            Self.type("n", into: &browser)
            #expect(Self.text(browser).contains("record \(offset)"))
            _ = browser.press(.escape)
            #expect(Self.current(browser) == offset)
        }
    }

    @Test func theHistoryAndTheBlameAreOfTheInstanceUnderTheCursor() throws {
        try Self.withShop { shop in
            let key = shop.changes[200].key
            let own = shop.changes.indices.filter { shop.changes[$0].key == key }
            var browser = Self.browser(shop.log, from: Offset(200), height: 60)
            Self.type("h", into: &browser)
            #expect(Self.text(browser).contains("history of shop.Order \(key)"))
            #expect(Self.offsets(browser) == Array(own.suffix(58)))
            #expect(Self.current(browser) == 200)
            #expect(Self.text(browser).contains("+ state: \"new\""))
            Self.type("h", into: &browser)
            Self.type("B", into: &browser)
            #expect(Self.text(browser).contains("who set what of shop.Order \(key), as of 200"))
            let blame = try #require(
                try Blame(key, of: ShopLog.model, in: shop.log, before: Offset(201)))
            for line in blame.lines {
                #expect(Self.text(browser).contains("\(line.property): "))
                #expect(Self.text(browser).contains("\(line.record.offset)  1970-01-01T"))
            }
            _ = browser.press(.escape)
            _ = browser.press(.backspace)
            #expect(Self.current(browser) == 200)
            #expect(Self.text(browser).contains("records of shop"))
        }
    }

    @Test func aFilterIsTypedMendedAndTakenAway() throws {
        try Self.withShop { shop in
            var browser = Self.browser(shop.log, from: .zero)
            Self.type("/shop.Order total\n", into: &browser)
            // What is wrong is said, and the text is still there.
            #expect(browser.screen.last?.text.contains("total") == true)
            Self.type(" >= 100 state in [\"new\", \"paid\"]\n", into: &browser)
            #expect(browser.screen.last?.text.contains("/shop.Order total >= 100 state in") == true)
            #expect(Self.current(browser) == 0)
            Self.type("/", into: &browser)
            for _ in 0..<60 { _ = browser.press(.backspace) }
            Self.type("/", into: &browser)
            _ = browser.press(.escape)
            _ = browser.press(.escape)
            #expect(browser.screen.last?.text.contains("shop.Order") == false)
            Self.type("/nothing.There\n", into: &browser)
            #expect(Self.text(browser).contains("no record fits the filter"))
            for key: BrowserKey in [.enter, .down, .pageUp, .character("h"), .character("B")] {
                _ = browser.press(key)
            }
            _ = browser.press(.escape)
            #expect(Self.offsets(browser).count == 10)
        }
    }

    @Test func helpIsThereAndGoesAway() throws {
        try Self.withShop(batches: 3) { shop in
            var browser = Self.browser(shop.log, height: 30)
            Self.type("?", into: &browser)
            #expect(Self.text(browser).contains("blame: which record set"))
            Self.type("?", into: &browser)
            #expect(Self.text(browser).contains("records of shop"))
            Self.type("D", into: &browser)
            #expect(Self.text(browser).contains("nothing that was read so far is damaged"))
        }
    }

    @Test func whatIsAppendedComesWhenItIsAskedFor() throws {
        try withTemporaryLog { writer in
            var browser = Self.browser(writer.log)
            #expect(Self.text(browser).contains("no records"))
            for key: BrowserKey in [.up, .down, .enter, .home, .end, .character("h")] {
                _ = browser.press(key)
            }
            #expect(browser.press(.character("r")) == .reload)
            var builder = ChangesBuilder()
            for number in 0..<3 { builder.add(.created, "m", key: .number(number)) }
            try writer.commit(builder.finish(), time: 0)
            browser.reopen(writer.log)
            #expect(Self.offsets(browser) == [0, 1, 2] && Self.current(browser) == 2)
        }
    }

    @Test func valuesCannotBreakTheScreen() throws {
        try withTemporaryLog { writer in
            var builder = ChangesBuilder()
            let value = "漢字かな \u{1B}[2J\u{7} \u{202E}back e\u{301}\u{FE0F} 😀\u{200D}👩 \u{9B}1m"
            let json = "{\"id\":1,\"漢\":\"\(value)\"}"
            for number in 0..<30 {
                builder.add(.created, "m", key: .string(value + "\(number)"), instance: json)
            }
            try writer.commit(builder.finish(), time: 0)
            for width in [1, 2, 3, 19, 20, 40, 61, 80, 200] {
                var browser = Self.browser(writer.log, width: width, height: 9)
                Self.expectFits(browser, width, 9)
                for key in "\nhB?:1".unicodeScalars {
                    _ = browser.press(key == "\n" ? .enter : .character(key))
                    Self.expectFits(browser, width, 9)
                }
            }
            let wide = Self.text(Self.browser(writer.log, width: 300))
            #expect(wide.contains("漢字かな \\u{1b}[2J\\u{7} \\u{202e}back"))
        }
    }

    /// As many lines as the screen has, none too wide, and nothing in them that moves a cursor.
    private static func expectFits(_ browser: Browser, _ width: Int, _ height: Int) {
        let screen = browser.screen
        #expect(screen.count == height)
        for line in screen {
            #expect(line.width <= width && columns(of: line.text) == line.width, "\(line.text)")
            #expect(line.text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
        }
    }

    /// How wide a text of these tests is.
    private static func columns(of text: String) -> Int {
        text.unicodeScalars.reduce(0) { sum, scalar in
            switch scalar.value {
            case 0x301: sum
            case 0x3040...0x9FFF, 0x1F000...0x1FFFF: sum + 2
            default: sum + 1
            }
        }
    }

    @Test func aTinyTerminalIsEnough() throws {
        try Self.withShop { shop in
            var browser = Self.browser(shop.log, from: Offset(100), width: 20, height: 5)
            #expect(Self.offsets(browser) == [100, 101, 102])
            Self.expectFits(browser, 20, 5)
            _ = browser.press(.enter)
            var seen: Set<String> = []
            for _ in 0..<60 {
                seen.formUnion(browser.screen.map(\.text))
                _ = browser.press(.down)
                Self.expectFits(browser, 20, 5)
            }
            #expect(seen.contains { $0.hasPrefix("  id: ") })
            browser.resize(width: 100, height: 30)
            Self.expectFits(browser, 100, 30)
            _ = browser.press(.escape)
            #expect(Self.offsets(browser).count == 28 && Self.current(browser) == 100)
        }
    }

    @Test func damageIsALineAmongTheOthers() throws {
        try withTemporaryDirectory(inMemory: true) { path in
            let shop = try ShopLog(seed: 3, batches: 60, in: path)
            let name = try #require(
                try FileManager.default.contentsOfDirectory(atPath: path)
                    .filter { $0.hasSuffix(".segment") }.max())
            let file = URL(filePath: "\(path)/\(name)")
            var bytes = try Data(contentsOf: file)
            bytes[9000] ^= 1
            try bytes.write(to: file)
            let damage = BrowserDamage()
            let log = try LogInspector(LogDirectory(path)).openLog(damage: damage.handler)
            var browser = Browser(
                log, name: "shop", damage: damage, width: 400, height: shop.changes.count + 2)
            let line = try #require(
                browser.screen.firstIndex { $0.text.contains("DAMAGED ") })
            #expect(Self.offsets(browser) == Array(0..<shop.changes.count))
            #expect(browser.screen.last?.text.contains("DAMAGED: 1 (D)") == true)
            Self.type(":\(line - 1)\n", into: &browser)
            while Self.current(browser) != line - 1 { _ = browser.press(.up) }
            for key in "\nBhD".unicodeScalars {
                _ = browser.press(key == "\n" ? .enter : .character(key))
                if key != "h", key != "B" { #expect(Self.text(browser).contains(name)) }
            }
            browser.resize(width: 60, height: 8)
            try Self.walk(&browser, seed: 1, steps: 300)
        }
    }

    @Test(arguments: 0..<12)
    func anyKeysMakeAScreen(seed: UInt64) throws {
        try Self.withShop(batches: seed % 3 == 0 ? 1 : 300) { shop in
            var browser = Self.browser(shop.log)
            try Self.walk(&browser, seed: seed, steps: 1500)
        }
    }

    /// Presses random keys, and looks at each screen.
    private static func walk(_ browser: inout Browser, seed: UInt64, steps: Int) throws {
        var random = SeededGenerator(seed: seed)
        let keys: [BrowserKey] =
            [
                .up, .down, .left, .right, .pageUp, .pageDown, .home, .end, .enter, .escape,
                .backspace,
            ] + "jkbgGhB?Dnp/: 19r漢\"[]=".unicodeScalars.map { .character($0) }
        let texts = [
            "/shop.Order state=\"paid\"\n", "/shop.Order total<0\n", "/shop.Order note=null\n",
            ":77\n",
            ":1970-01-01T00:02:00Z\n", "/\n",
        ]
        var size = (width: 100, height: 12)
        browser.resize(width: size.width, height: size.height)
        for _ in 0..<steps {
            switch Int.random(in: 0..<20, using: &random) {
            case 0:
                size = (
                    Int.random(in: 1...140, using: &random), Int.random(in: 1...40, using: &random)
                )
                browser.resize(width: size.width, height: size.height)
            case 1, 2:
                _ = browser.press(.escape)
                type(texts.randomElement(using: &random) ?? "", into: &browser)
            default:
                _ = browser.press(keys.randomElement(using: &random) ?? .up)
            }
            self.expectFits(browser, size.width, size.height)
            let offsets = size.width > 30 ? self.offsets(browser) : []
            if text(browser).contains("records of shop") { #expect(offsets == offsets.sorted()) }
        }
    }
}
