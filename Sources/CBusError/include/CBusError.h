#ifndef CBUSERROR_H
#define CBUSERROR_H

/// Makes the process end with a message and exit code 70 when it touches mapped bytes that are not there.
///
/// A file that somebody else shortened while it is mapped, and a medium that cannot be read, are reported to
/// a process as the signal SIGBUS, at whatever instruction touches the bytes. There is no way back from
/// there, so the handler says what happened on standard error, with the address, and ends the process at
/// once. It does only what a signal handler may do; it allocates nothing and runs no code of the program.
///
/// Replaces any earlier handler of the signal, for the whole process. Call it once, before a log is opened.
void livelog_install_bus_error_handler(void);

#endif
