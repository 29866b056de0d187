#include "CBusError.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

static const char message[] =
    "A file of the log became shorter while it was in use, or could not be read (bus error at address 0x";
static const char advice[] =
    "). Nothing can be done here but end. Check the disk and the log's directory, then start again.\n";

/// The exit code of an internal failure (EX_SOFTWARE of sysexits.h).
enum { exit_code = 70 };

static void say_and_exit(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)context;
    // One write, so that the line stays whole between the lines of other threads.
    char text[sizeof message + sizeof advice + 2 * sizeof(uintptr_t)];
    size_t count = sizeof message - 1;
    for (size_t index = 0; index < count; index++) text[index] = message[index];
    uintptr_t address = (uintptr_t)info->si_addr;
    for (int shift = 8 * (int)sizeof address - 4; shift >= 0; shift -= 4)
        text[count++] = "0123456789abcdef"[address >> shift & 15];
    for (size_t index = 0; index < sizeof advice - 1; index++) text[count++] = advice[index];
    // If it cannot be said, the exit code still says it.
    ssize_t written = write(STDERR_FILENO, text, count);
    (void)written;
    _exit(exit_code);
}

void livelog_install_bus_error_handler(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = say_and_exit;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    // It cannot fail: the signal exists and can be caught.
    sigaction(SIGBUS, &action, NULL);
}
