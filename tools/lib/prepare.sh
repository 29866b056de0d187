# Sourced by the tools: finds what a fresh Debian 12 lacks, and installs it.

# To build and run the server: the C libraries, and pkg-config by which SwiftPM finds them.
SERVER_PACKAGES=(libsimdjson-dev liblz4-dev libssl-dev pkg-config)
# To test it as its users do: a browser, a Python WebSocket client, curl, git, Node and TypeScript for livelog.js, promtool
# of prometheus for the metrics, and slowhttptest, which is a slow client.
TEST_PACKAGES=(chromium python3 python3-venv curl git nodejs node-typescript prometheus slowhttptest)
# To test the log under real faults: traced and failing system calls, disks that lose power, moved clocks.
FAULT_PACKAGES=(strace xfsprogs e2fsprogs util-linux nbdkit libnbd-bin fuse3 faketime)
SWIFT_AT_LEAST=6.2

say() {
    printf '==> %s\n' "$*"
}

stop() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# require_packages PACKAGE...: installs those that dpkg does not know as installed.
require_packages() {
    command -v dpkg-query >/dev/null ||
        stop "this is not a Debian system; install what corresponds to: $*"
    local package missing=() as_root=()
    for package in "$@"; do
        [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
            missing+=("$package")
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0
    if [[ $EUID -ne 0 ]]; then
        command -v sudo >/dev/null ||
            stop "missing: ${missing[*]}; as root, run: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    say "installing ${missing[*]}"
    "${as_root[@]}" apt-get update --quiet=2 &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install --quiet=2 --yes --no-install-recommends "${missing[@]}" ||
        stop "apt-get could not install ${missing[*]}; its message is above"
}

require_swift() {
    command -v swift >/dev/null ||
        stop "no swift in PATH; install Swift $SWIFT_AT_LEAST or later from https://www.swift.org/install/linux/"
    local version
    version=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+(\.[0-9]+)*).*/\1/p' | head -n 1)
    printf '%s\n' "$SWIFT_AT_LEAST" "$version" | sort --check=quiet --version-sort ||
        stop "swift is ${version:-of an unknown version}; Livelog needs $SWIFT_AT_LEAST or later: https://www.swift.org/install/linux/"
}

# require_test_venv DIRECTORY REQUIREMENTS: a Python environment with exactly those packages.
# Made with Debian's own python3, the one that python3-venv belongs to.
require_test_venv() {
    local directory=$1 requirements=$2
    cmp --silent "$requirements" "$directory/requirements.txt" && return 0
    say "preparing $directory"
    /usr/bin/python3 -m venv --clear "$directory" &&
        "$directory/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" ||
        stop "could not install $(paste --serial --delimiters=' ' "$requirements") with pip; its message is above"
    # Last, so that a half-made environment is made again.
    cp "$requirements" "$directory/requirements.txt"
}
