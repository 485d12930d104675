/*
 * Makes a disk fail, as far as a process can tell: preloaded into it, syncs and positioned writes
 * of files whose path begins with a prefix fail with EIO; plain writes still reach the page cache,
 * as they would. The prefix is what the file stands in that
 * ASHLAR_IO_ERRORS names; while there is no such file, nothing fails.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int fails(int fd) {
    const char *trigger = getenv("ASHLAR_IO_ERRORS");
    char prefix[PATH_MAX];
    char path[PATH_MAX];
    char link[64];
    int saved = errno;
    int result = 0;
    int file = trigger == NULL ? -1 : open(trigger, O_RDONLY | O_CLOEXEC);

    if (file >= 0) {
        ssize_t length = read(file, prefix, sizeof prefix - 1);
        ssize_t found;

        close(file);
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        found = readlink(link, path, sizeof path - 1);
        if (length > 0 && found > 0) {
            prefix[length] = 0;
            prefix[strcspn(prefix, "\n")] = 0;
            path[found] = 0;
            result = prefix[0] != 0 && strncmp(path, prefix, strlen(prefix)) == 0;
        }
    }
    errno = saved;
    return result;
}

#define REAL(name, type) \
    static type real; \
    if (real == NULL) { \
        real = (type) dlsym(RTLD_NEXT, name); \
    }

#define FAIL_IF_TOLD(fd) \
    if (fails(fd)) { \
        errno = EIO; \
        return -1; \
    }

typedef int (*sync_function)(int);
typedef ssize_t (*pwrite_function)(int, const void *, size_t, off_t);
typedef ssize_t (*pwrite64_function)(int, const void *, size_t, off64_t);

int fsync(int fd) {
    REAL("fsync", sync_function)
    FAIL_IF_TOLD(fd)
    return real(fd);
}

int fdatasync(int fd) {
    REAL("fdatasync", sync_function)
    FAIL_IF_TOLD(fd)
    return real(fd);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
    REAL("pwrite", pwrite_function)
    FAIL_IF_TOLD(fd)
    return real(fd, bytes, count, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
    REAL("pwrite64", pwrite64_function)
    FAIL_IF_TOLD(fd)
    return real(fd, bytes, count, offset);
}
