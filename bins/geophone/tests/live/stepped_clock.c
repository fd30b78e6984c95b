/* A wall clock that is an hour slow until somebody sets it, which is when the file $STEPPED_CLOCK_SET appears. To be preloaded:
 * it takes the place of the C library's clock_gettime, which is how the program's crates and std read clocks. */

#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *time) {
    const char *set = getenv("STEPPED_CLOCK_SET");
    int failed = syscall(SYS_clock_gettime, clock, time);
    if (!failed && clock == CLOCK_REALTIME && set && access(set, F_OK))
        time->tv_sec -= 3600;
    return failed;
}
