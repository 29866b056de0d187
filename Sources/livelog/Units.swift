import Glibc

/// A number with `digits` decimals.
func decimal(_ value: Double, digits: Int) -> String {
    let scale = pow(10, Double(digits))
    let scaled = (abs(value) * scale).rounded()
    guard scaled < 1e18 else { return String(value) }
    let whole = Int(scaled) / Int(scale)
    let rest = Int(scaled) % Int(scale)
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(whole)" }
    let decimals = String(rest)
    return "\(sign)\(whole)." + String(repeating: "0", count: digits - decimals.count) + decimals
}

/// A number without decimals, its digits in groups of three.
func grouped(_ value: Double) -> String {
    guard abs(value) < 1e18 else { return String(value) }
    let digits = Array(String(Int(abs(value).rounded())))
    var text = value <= -0.5 ? "-" : ""
    for (index, digit) in digits.enumerated() {
        if index > 0 && (digits.count - index).isMultiple(of: 3) { text += "," }
        text.append(digit)
    }
    return text
}

/// Bytes for people, in units of 1024.
func byteText(_ count: Int) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    var value = Double(count)
    var unit = 0
    while value >= 1024 && unit < units.count - 1 {
        value /= 1024
        unit += 1
    }
    return unit == 0 ? "\(count) B" : "\(decimal(value, digits: 1)) \(units[unit])"
}

/// Microseconds since 1970 as a time of UTC: `2025-10-09T08:53:20.000000Z`.
func timeText(_ microseconds: Int64) -> String {
    // Rounded down, also before 1970.
    let fraction = (microseconds % 1_000_000 + 1_000_000) % 1_000_000
    var seconds = time_t((microseconds - fraction) / 1_000_000)
    var parts = tm()
    guard gmtime_r(&seconds, &parts) != nil else { return String(microseconds) }
    func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(width - digits.count, 0)) + digits
    }
    return padded(Int(parts.tm_year) + 1900, 4) + "-" + padded(Int(parts.tm_mon) + 1, 2) + "-"
        + padded(Int(parts.tm_mday), 2) + "T" + padded(Int(parts.tm_hour), 2) + ":"
        + padded(Int(parts.tm_min), 2) + ":" + padded(Int(parts.tm_sec), 2) + "."
        + padded(Int(fraction), 6) + "Z"
}
