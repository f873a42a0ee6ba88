/* A disk that keeps a diary, for tests: put before a program with LD_PRELOAD, it writes down what the program writes and
 * syncs in one folder, so that a test can make the folder as a power cut at any moment would have left it, with nothing
 * in it that was not synced. It can also refuse writes, as a full or broken disk does.
 *
 * SHIM_UNDER  the folder (absolute, without links)
 * SHIM_DIARY  the diary, outside of it
 * SHIM_FAIL   "N ERRNO": the N-th write and all later ones fail with that number
 * SHIM_CLOCK  seconds by which the clock goes wrong
 *
 * The diary is a list of records, each one append: a line, and behind W, A and D so many bytes as its last number says.
 *
 *   C INODE             a file was made
 *   W INODE AT BYTES    these bytes were written there
 *   T INODE LENGTH      the file has this length now
 *   S INODE             the file was synced
 *   D INODE BYTES       this folder was synced; its entries then: lines of INODE NAME
 *   A BYTES             this was said on standard output
 *
 * A name is on the disk once its folder was synced, a file's contents once the file was. The -shm files of SQLite are left
 * out: they are memory that processes share, and mean nothing after a cut.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static int diary = -2;
static long writes;

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/* One record. */
static void note(const char *line, const void *bytes, size_t count) {
    if (diary == -2) {
        const char *path = getenv("SHIM_DIARY");
        diary = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    }
    if (diary < 0) return;
    struct iovec parts[2] = {{(void *)line, strlen(line)}, {(void *)bytes, count}};
    if (writev(diary, parts, 2) < 0) abort();
}

/* Whether a path lies in the folder and has contents that matter. */
static int is_ours(const char *path) {
    const char *under = getenv("SHIM_UNDER");
    size_t length = under ? strlen(under) : 0;
    if (length == 0 || strncmp(path, under, length) != 0) return 0;
    if (path[length] != '/' && path[length] != 0) return 0;
    size_t all = strlen(path);
    return all < 4 || strcmp(path + all - 4, "-shm") != 0;
}

/* The inode behind a handle, if it is ours; 0 otherwise. */
static ino_t ours(int file, struct stat *about) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    if (!is_ours(path) || fstat(file, about) != 0) return 0;
    return about->st_ino;
}

static int refused(void) {
    const char *plan = getenv("SHIM_FAIL");
    long from;
    int reason;
    if (!plan || sscanf(plan, "%ld %d", &from, &reason) != 2) return 0;
    if (++writes < from) return 0;
    errno = reason;
    return 1;
}

static void wrote(ino_t inode, off_t at, const void *bytes, ssize_t count) {
    char line[96];
    if (count <= 0) return;
    snprintf(line, sizeof line, "W %lu %ld %ld\n", (unsigned long)inode, (long)at, (long)count);
    note(line, bytes, (size_t)count);
}

ssize_t write(int file, const void *bytes, size_t count) {
    REAL(write);
    struct stat about;
    if (file == 1) {
        ssize_t done = real(file, bytes, count);
        char line[64];
        if (done > 0) {
            snprintf(line, sizeof line, "A %ld\n", (long)done);
            note(line, bytes, (size_t)done);
        }
        return done;
    }
    ino_t inode = ours(file, &about);
    if (!inode) return real(file, bytes, count);
    pthread_mutex_lock(&turn);
    ssize_t done = -1;
    if (!refused()) {
        int appends = fcntl(file, F_GETFL) & O_APPEND;
        off_t at = appends ? about.st_size : lseek(file, 0, SEEK_CUR);
        done = real(file, bytes, count);
        wrote(inode, at, bytes, done);
    }
    pthread_mutex_unlock(&turn);
    return done;
}

#define PWRITE(name, offset) \
    ssize_t name(int file, const void *bytes, size_t count, offset at) { \
        REAL(name); \
        struct stat about; \
        ino_t inode = ours(file, &about); \
        if (!inode) return real(file, bytes, count, at); \
        pthread_mutex_lock(&turn); \
        ssize_t done = -1; \
        if (!refused()) { \
            done = real(file, bytes, count, at); \
            wrote(inode, at, bytes, done); \
        } \
        pthread_mutex_unlock(&turn); \
        return done; \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

static void has_length(ino_t inode, long length) {
    char line[96];
    snprintf(line, sizeof line, "T %lu %ld\n", (unsigned long)inode, length);
    note(line, "", 0);
}

#define TRUNCATE(name, offset) \
    int name(int file, offset length) { \
        REAL(name); \
        struct stat about; \
        ino_t inode = ours(file, &about); \
        pthread_mutex_lock(&turn); \
        int done = real(file, length); \
        if (inode && done == 0) has_length(inode, (long)length); \
        pthread_mutex_unlock(&turn); \
        return done; \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

/* What a synced folder holds. */
static void synced_folder(int file, ino_t inode) {
    char link[64], *text = NULL;
    size_t length = 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    DIR *folder = opendir(link);
    FILE *list = open_memstream(&text, &length);
    if (!folder || !list) abort();
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            fprintf(list, "%lu %s\n", (unsigned long)entry->d_ino, entry->d_name);
    }
    closedir(folder);
    fclose(list);
    char line[96];
    snprintf(line, sizeof line, "D %lu %lu\n", (unsigned long)inode, (unsigned long)length);
    note(line, text, length);
    free(text);
}

static void synced(int file) {
    struct stat about;
    char line[64];
    ino_t inode = ours(file, &about);
    if (!inode) return;
    if (S_ISDIR(about.st_mode)) {
        synced_folder(file, inode);
        return;
    }
    snprintf(line, sizeof line, "S %lu\n", (unsigned long)inode);
    note(line, "", 0);
}

#define SYNC(name) \
    int name(int file) { \
        REAL(name); \
        pthread_mutex_lock(&turn); \
        int done = real(file); \
        if (done == 0) synced(file); \
        pthread_mutex_unlock(&turn); \
        return done; \
    }
SYNC(fsync)
SYNC(fdatasync)

int clock_gettime(clockid_t clock, struct timespec *now) {
    REAL(clock_gettime);
    int done = real(clock, now);
    const char *wrong = getenv("SHIM_CLOCK");
    if (wrong && clock == CLOCK_REALTIME) now->tv_sec += atol(wrong);
    return done;
}

/* A number of a file that is gone can come again for another one. */
#define OPEN(name, has_folder, folder_arg, folder_name, call) \
    int name(folder_arg const char *path, int flags, ...) { \
        REAL(name); \
        mode_t mode = 0; \
        if (flags & (O_CREAT | __O_TMPFILE)) { \
            va_list rest; \
            va_start(rest, flags); \
            mode = va_arg(rest, mode_t); \
            va_end(rest); \
        } \
        struct stat about; \
        int was_there = !(flags & O_CREAT) || fstatat(folder_name, path, &about, 0) == 0; \
        int file = call; \
        if (file < 0) return file; \
        if (!was_there || (flags & O_TRUNC)) { \
            ino_t inode = ours(file, &about); \
            char line[64]; \
            if (inode && !was_there) { \
                snprintf(line, sizeof line, "C %lu\n", (unsigned long)inode); \
                note(line, "", 0); \
            } else if (inode) { \
                has_length(inode, 0); \
            } \
        } \
        return file; \
    }
#define NOTHING
#define FOLDER int folder,
OPEN(open, 0, NOTHING, AT_FDCWD, real(path, flags, mode))
OPEN(open64, 0, NOTHING, AT_FDCWD, real(path, flags, mode))
OPEN(openat, 1, FOLDER, folder, real(folder, path, flags, mode))
OPEN(openat64, 1, FOLDER, folder, real(folder, path, flags, mode))
