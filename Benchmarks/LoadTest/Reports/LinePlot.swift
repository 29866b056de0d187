/// A plot of values over time, as SVG for a page that says what its colours are.
struct LinePlot {
    /// One line.
    struct Line {
        var name: String
        var points: [(x: Double, y: Double)]
    }

    var title: String
    /// What stands beside the vertical axis.
    var unit: String
    var lines: [Line]
    /// Whether the vertical axis is logarithmic; then values are at least ``least``.
    var isLogarithmic = false
    /// What a value below it is drawn as, on a logarithmic axis.
    var least = 0.001

    private static let width = 760.0
    private static let height = 260.0
    private static let left = 72.0
    private static let right = 16.0
    private static let top = 16.0
    private static let bottom = 36.0

    /// The plot with its title and legend.
    var svg: String {
        let points = self.lines.flatMap(\.points)
        guard let end = points.map(\.x).max(), end > 0 else { return "" }
        let axis = self.axis(points.map { self.isLogarithmic ? max($0.y, self.least) : $0.y })
        func x(_ value: Double) -> Double {
            Self.left + value / end * (Self.width - Self.left - Self.right)
        }
        func y(_ value: Double) -> Double {
            Self.top + (1 - axis.share(value)) * (Self.height - Self.top - Self.bottom)
        }
        var svg = "<figure><figcaption>\(self.title), \(self.unit)</figcaption>"
        svg +=
            #"<svg viewBox="0 0 \#(Int(Self.width)) \#(Int(Self.height))" role="img" aria-label="\#(self.title)">"#
        for tick in axis.ticks {
            svg +=
                #"<line class="grid" x1="\#(Self.left)" x2="\#(Self.width - Self.right)" y1="\#(y(tick).shown)" "#
            svg +=
                #"y2="\#(y(tick).shown)"/><text class="y" x="\#(Self.left - 8)" y="\#((y(tick) + 4).shown)">\#(tick.tick)</text>"#
        }
        for tick in Self.ticks(from: 0, to: end) where tick <= end {
            svg +=
                #"<text class="x" x="\#(x(tick).shown)" y="\#(Self.height - 12)">\#(tick.tick) s</text>"#
        }
        for (index, line) in self.lines.enumerated() {
            let path = line.points.map { point in
                "\(x(point.x).shown),\(y(self.isLogarithmic ? max(point.y, self.least) : point.y).shown)"
            }
            svg += #"<polyline class="line l\#(index)" points="\#(path.joined(separator: " "))"/>"#
        }
        svg += "</svg><p class=\"legend\">"
        for (index, line) in self.lines.enumerated() where self.lines.count > 1 {
            svg += #"<span class="l\#(index)">\#(line.name)</span> "#
        }
        return svg + "</p></figure>\n"
    }

    /// A vertical axis: its ticks, and where a value is, from 0 to 1.
    private struct Axis {
        var ticks: [Double]
        var share: (Double) -> Double
    }

    private func axis(_ values: [Double]) -> Axis {
        let most = values.max() ?? 1
        guard self.isLogarithmic else {
            let ticks = Self.ticks(from: 0, to: max(most, 1e-9))
            let top = ticks.last ?? 1
            return Axis(ticks: ticks) { $0 / top }
        }
        var low = 1.0
        while low > (values.min() ?? 1) { low /= 10 }
        while low * 10 <= (values.min() ?? 1) { low *= 10 }
        var ticks = [low]
        while let last = ticks.last, last < most { ticks.append(last * 10) }
        if ticks.count == 1 { ticks.append(low * 10) }
        let decades = Double(ticks.count - 1)
        return Axis(ticks: ticks) { value in
            var share = 0.0
            var floor = low
            while floor * 10 <= value {
                floor *= 10
                share += 1
            }
            // Between two powers of ten; a straight line there would have a bend at each of them.
            return (share + Self.log10(value / floor)) / decades
        }
    }

    /// The logarithm of a number from 1 to 10, to four decimals, by squaring.
    private static func log10(_ value: Double) -> Double {
        var (value, result, bit) = (value, 0.0, 0.5)
        for _ in 0..<16 {
            value *= value
            if value >= 10 {
                value /= 10
                result += bit
            }
            bit /= 2
        }
        return result
    }

    /// About five round numbers, of which the last is not below `to`.
    private static func ticks(from: Double, to: Double) -> [Double] {
        var step = 1.0
        while step * 5 < to { step *= 10 }
        while step * 0.5 > to { step /= 10 }
        for part in [0.1, 0.2, 0.5] where step * part * 6 >= to {
            step *= part
            break
        }
        var ticks = [from]
        while let last = ticks.last, last < to { ticks.append(last + step) }
        return ticks
    }
}

extension Double {
    /// A coordinate.
    fileprivate var shown: String { String((self * 10).rounded() / 10) }

    /// A number at a tick: short, with a letter for thousands, millions and thousand millions.
    fileprivate var tick: String {
        for (unit, letter) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] where self >= unit {
            return (self / unit).short + letter
        }
        return self.short
    }

    private var short: String {
        let rounded = (self * 1000).rounded() / 1000
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }
}
