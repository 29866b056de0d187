import Replication
import Testing
import Transport

struct PrometheusTextTests {
    @Test func aFamilyHasItsHelpItsTypeAndItsSamples() {
        var page = PrometheusText()
        page.add(MetricFamily(.gauge, "livelog_ready", "1 while it is."), 1)
        page.add(MetricFamily(.counter, "process_cpu_seconds_total", "Time."), 0.25)
        page.add(
            MetricFamily(.gauge, "livelog_sessions", "By state."), by: "state",
            [("live", 3), ("lagging", 0)])
        #expect(
            page.text == """
                # HELP livelog_ready 1 while it is.
                # TYPE livelog_ready gauge
                livelog_ready 1
                # HELP process_cpu_seconds_total Time.
                # TYPE process_cpu_seconds_total counter
                process_cpu_seconds_total 0.25
                # HELP livelog_sessions By state.
                # TYPE livelog_sessions gauge
                livelog_sessions{state="live"} 3
                livelog_sessions{state="lagging"} 0

                """)
    }

    @Test func bucketsOfAHistogramAddUp() {
        var values = Histogram(bounds: [0.001, 0.5, 10])
        for value in [0.0005, 0.001, 0.25, 7, 11, 100] { values.add(value) }
        var page = PrometheusText()
        page.add(
            MetricFamily(.histogram, "livelog_sync_duration_seconds", "How long."),
            [([("disk", "a")], values)])
        #expect(
            page.text == """
                # HELP livelog_sync_duration_seconds How long.
                # TYPE livelog_sync_duration_seconds histogram
                livelog_sync_duration_seconds_bucket{disk="a",le="0.001"} 2
                livelog_sync_duration_seconds_bucket{disk="a",le="0.5"} 3
                livelog_sync_duration_seconds_bucket{disk="a",le="10"} 4
                livelog_sync_duration_seconds_bucket{disk="a",le="+Inf"} 6
                livelog_sync_duration_seconds_sum{disk="a"} 118.2515
                livelog_sync_duration_seconds_count{disk="a"} 6

                """)
    }

    @Test(arguments: [
        ("plain", "plain"), ("a\"b", "a\\\"b"), ("a\\b", "a\\\\b"), ("a\nb", "a\\nb"),
        ("grün", "grün"),
    ])
    func valuesOfLabelsAreEscaped(_ value: String, _ escaped: String) {
        var page = PrometheusText()
        page.add(MetricFamily(.gauge, "g", "h\nh \"quoted\" \\"), by: "l", [(value, 1)])
        #expect(
            page.text == """
                # HELP g h\\nh "quoted" \\\\
                # TYPE g gauge
                g{l="\(escaped)"} 1

                """)
    }
}
