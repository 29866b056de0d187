#ifndef CCOREDUMP_H
#define CCOREDUMP_H

/// Lets the process leave no image of its memory when it crashes, neither in a file nor with a program that the kernel
/// pipes it to (prctl(2), PR_SET_DUMPABLE): secrets that it was configured with are in there.
///
/// Debuggers of other users cannot attach to it then. Returns 0, or the number of the error. In C, because Swift
/// cannot call functions with a variable number of arguments.
int livelog_forbid_core_dumps(void);

#endif
