// Raw memory: libFuzzer calls with a pointer and a length, and takes `main`'s arguments.

import Glibc

private typealias Argument = UnsafeMutablePointer<CChar>?

@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<Argument>?>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// What the inputs are given to, and a value that keeps the optimizer from leaving the work out.
private nonisolated(unsafe) var chosen = FuzzTarget.json
private nonisolated(unsafe) var sink = 0

/// Runs libFuzzer over the target that `LIVELOG_FUZZ_TARGET` names. A variable, because libFuzzer hands its own
/// arguments to processes that it starts itself. SwiftPM wants this name of a program's entry.
@_cdecl("Fuzz_main")
public func fuzzMain(
    _ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
    let name = getenv("LIVELOG_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
        let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
        print("LIVELOG_FUZZ_TARGET must be one of \(names)")
        return 2
    }
    chosen = target
    var count = count
    var arguments = arguments
    return runFuzzer(&count, &arguments) { start, count in
        sink &+= chosen.run(Array(UnsafeBufferPointer(start: start, count: count)))
        return 0
    }
}
