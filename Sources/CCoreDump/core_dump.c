#include "CCoreDump.h"

#include <errno.h>
#include <sys/prctl.h>

int livelog_forbid_core_dumps(void) {
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : errno;
}
