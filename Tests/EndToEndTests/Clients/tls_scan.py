"""Looks with sslyze at how a server on this machine encrypts, and prints one line for each thing that it finds out."""

import sys

from sslyze import (
    Scanner,
    ScanCommand,
    ServerNetworkLocation,
    ServerScanRequest,
    ServerScanStatusEnum,
)

VERSIONS = {
    "SSLv2": ScanCommand.SSL_2_0_CIPHER_SUITES,
    "SSLv3": ScanCommand.SSL_3_0_CIPHER_SUITES,
    "TLSv1.0": ScanCommand.TLS_1_0_CIPHER_SUITES,
    "TLSv1.1": ScanCommand.TLS_1_1_CIPHER_SUITES,
    "TLSv1.2": ScanCommand.TLS_1_2_CIPHER_SUITES,
    "TLSv1.3": ScanCommand.TLS_1_3_CIPHER_SUITES,
}
OTHERS = {
    ScanCommand.TLS_COMPRESSION,
    ScanCommand.HEARTBLEED,
    ScanCommand.OPENSSL_CCS_INJECTION,
    ScanCommand.ROBOT,
    ScanCommand.SESSION_RENEGOTIATION,
    ScanCommand.TLS_FALLBACK_SCSV,
    ScanCommand.TLS_1_3_EARLY_DATA,
}

location = ServerNetworkLocation(hostname="localhost", ip_address="127.0.0.1", port=int(sys.argv[1]))
scanner = Scanner()
scanner.queue_scans(
    [ServerScanRequest(server_location=location, scan_commands=set(VERSIONS.values()) | OTHERS)]
)
for found in scanner.get_results():
    if found.scan_status != ServerScanStatusEnum.COMPLETED:
        raise SystemExit(f"the scan did not end: {found.connectivity_error_trace}")
    result = found.scan_result
    for version, command in VERSIONS.items():
        suites = getattr(result, command.value).result.accepted_cipher_suites
        for suite in suites:
            print(f"{version} {suite.cipher_suite.name}")
    print("compression", result.tls_compression.result.supports_compression)
    print("heartbleed", result.heartbleed.result.is_vulnerable_to_heartbleed)
    print("ccs injection", result.openssl_ccs_injection.result.is_vulnerable_to_ccs_injection)
    print("robot", result.robot.result.robot_result.value)
    renegotiation = result.session_renegotiation.result
    print("client renegotiation", renegotiation.is_vulnerable_to_client_renegotiation_dos)
    print("early data", result.tls_1_3_early_data.result.supports_early_data)
