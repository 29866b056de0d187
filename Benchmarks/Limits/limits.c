// What this machine can do at best of what the server does most: the figures that others are seen beside. Prints one line
// of JSON. Times are processor nanoseconds of one operation, medians of several passes; those of syncs are as they pass.
//
//   limits DIRECTORY [once]      files are written into the directory, and removed
#include "limits.h"

static int by_size(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

double value_at(double *values, int count, double share) {
    qsort(values, (size_t)count, sizeof *values, by_size);
    int place = (int)(share * count);
    return values[place < count ? place : count - 1];
}

void tell(const char *name, double value) {
    static bool has_more;
    printf("%s\"%s\":%.2f", has_more ? "," : "{", name, value);
    has_more = true;
}

int main(int argc, char **argv) {
    bool once = argc == 3 && strcmp(argv[2], "once") == 0;
    if (argc != 2 && !once) fail("usage: limits DIRECTORY [once]");
    memory_limits(once);
    disk_limits(argv[1], once);
    socket_limits(once);
    puts("}");
}
