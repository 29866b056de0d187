import Glibc

/// A run as a page of its own, with plots and tables; it needs no other file and no network.
package struct HTMLReport {
    private let result: LoadResult

    /// Creates the page of a result.
    package init(of result: LoadResult) { self.result = result }

    /// Writes the page.
    ///
    /// - Throws: ``LoadError/Code/invalidOptions`` if the file cannot be written.
    package func write(to path: String) throws(LoadError) {
        guard let file = fopen(path, "w") else {
            throw LoadError(
                .invalidOptions, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
        let isWritten = fputs(self.html, file) >= 0
        guard fclose(file) == 0, isWritten else {
            throw LoadError(
                .invalidOptions, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
    }

    /// The page.
    package var html: String {
        let result = self.result
        let title = "livelog bench \(result.scenario.rawValue), \(result.target.rawValue)"
        let machine = result.machine
        return """
            <!doctype html>
            <html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>\(title)</title>
            <style>\(Self.style)</style>
            <h1>\(title)</h1>
            <p>\(Self.escaped(result.version)). \(Self.escaped(machine.processor)), \(machine.cores) cores,
            \(machine.memoryBytes >> 30) GiB, Linux \(Self.escaped(machine.kernel)), load average
            \(machine.loadAverage) at the end. Every client got its events in order: none lost, none twice.</p>
            \(self.plots)
            <h2>How long it took, in milliseconds</h2>
            \(self.latencies)
            <h2>Figures</h2>
            \(Self.table(result.figures.sorted { $0.key < $1.key }.map { ($0.key.replacing("_", with: " "), Self.number($0.value)) }))
            <h2>Parameters</h2>
            \(Self.table(result.parameters.sorted { $0.key < $1.key }.map { ($0.key.replacing("_", with: " "), $0.value.description) }))
            </html>

            """
    }

    private var plots: String {
        let series = self.result.series
        guard series.count > 1 else { return "" }
        // What ended with a sample began with the one before; a new measurement begins anew.
        var rates: [(x: Double, y: Double)] = []
        var cores: [(x: Double, y: Double)] = []
        var elapsed = 0.0
        var times: [Double] = []
        var last = 0.0
        for sample in series {
            let time = sample.seconds > last ? sample.seconds - last : sample.seconds
            last = sample.seconds
            elapsed += time
            times.append(elapsed)
            // A moment's rate says nothing.
            guard time > 0.1 else { continue }
            rates.append((elapsed, Double(sample.deliveries) / time))
            cores.append((elapsed, sample.serverCpuS / time))
        }
        func line(_ name: String, _ value: (LoadSample) -> Double) -> LinePlot.Line {
            .init(
                name: name,
                points: zip(times, series).filter { $0.1.deliveries > 0 }.map {
                    ($0.0, value($0.1))
                })
        }
        let what = self.result.figures["deliveries"] == nil ? "Records" : "Deliveries"
        return [
            LinePlot(
                title: "Lateness", unit: "milliseconds",
                lines: [
                    line("half are not later", { $0.p50Us / 1000 }),
                    line("99 % are not later", { $0.p99Us / 1000 }),
                    line("the latest", { $0.maxUs / 1000 }),
                ], isLogarithmic: true),
            LinePlot(title: what, unit: "a second", lines: [.init(name: what, points: rates)]),
            LinePlot(
                title: "Processor", unit: "cores that the server uses",
                lines: [.init(name: "cores", points: cores)]),
            LinePlot(
                title: "Memory of the server, resident", unit: "MiB",
                lines: [
                    .init(
                        name: "memory",
                        points: zip(times, series).map {
                            ($0.0, Double($0.1.serverResidentBytes) / 1_048_576)
                        })
                ]),
        ].map(\.svg).joined()
    }

    private var latencies: String {
        var html =
            "<table><tr><th></th><th>count</th><th>mean</th><th>p50</th><th>p90</th><th>p99</th><th>p99.9</th>"
        html += "<th>p99.99</th><th>max</th></tr>"
        for (name, latency) in self.result.latenciesUs.sorted(by: { $0.key < $1.key }) {
            let values = [
                latency.mean, latency.p50, latency.p90, latency.p99, latency.p999, latency.p9999,
                latency.max,
            ]
            html += "<tr><th>\(name.replacing("_", with: " "))</th><td>\(latency.count)</td>"
            html += values.map { "<td>\(Self.number($0 / 1000))</td>" }.joined() + "</tr>"
        }
        return html + "</table>"
    }

    private static func table(_ rows: [(String, String)]) -> String {
        "<table>"
            + rows.map { "<tr><th>\(Self.escaped($0.0))</th><td>\(Self.escaped($0.1))</td></tr>" }
            .joined()
            + "</table>"
    }

    private static func number(_ value: Double) -> String {
        let scale = abs(value) >= 100 ? 1.0 : 1000.0
        let rounded = (value * scale).rounded() / scale
        return rounded == rounded.rounded() && abs(rounded) < 1e15
            ? "\(Int(rounded))" : "\(rounded)"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
    }

    private static let style = """
        :root { color-scheme: light dark; --ink: light-dark(#222, #ddd); --faint: light-dark(#ddd, #444); }
        body { font: 15px/1.5 system-ui, sans-serif; max-width: 800px; margin: 2em auto; padding: 0 1em; color: var(--ink); }
        h1 { font-size: 1.5em; } h2 { font-size: 1.1em; margin-top: 2em; }
        figure { margin: 1.5em 0; } figcaption { font-weight: 600; }
        svg { width: 100%; } svg text { fill: var(--ink); font-size: 12px; }
        .y { text-anchor: end; } .x { text-anchor: middle; } .grid { stroke: var(--faint); }
        .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
        .line.l0 { stroke: light-dark(#1f6fb2, #6db3ec); } .line.l1 { stroke: light-dark(#c4601a, #f0a060); }
        .line.l2 { stroke: light-dark(#7a7a7a, #a0a0a0); }
        .legend { margin: 0; } .legend span { margin-right: 1.5em; } .legend span::before { content: "— "; font-weight: 900; }
        span.l0::before { color: light-dark(#1f6fb2, #6db3ec); } span.l1::before { color: light-dark(#c4601a, #f0a060); }
        span.l2::before { color: light-dark(#7a7a7a, #a0a0a0); }
        table { border-collapse: collapse; } th, td { padding: .15em .8em .15em 0; text-align: right; }
        th:first-child { text-align: left; font-weight: 500; } td { font-variant-numeric: tabular-nums; }
        """
}
