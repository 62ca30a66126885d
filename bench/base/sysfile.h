/* Small text files of the kernel (/proc, /sys): read whole, without the blanks and newlines at the end. Thread-safe. */
#ifndef POOLBENCH_BASE_SYSFILE_H
#define POOLBENCH_BASE_SYSFILE_H
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads the file whose path is printed from format; a longer file is cut at size - 1 bytes. The length, or -errno with
 * text empty. */
int sysfile_read(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A file that holds one number; -1 when it is missing or holds something else ("max"). */
int64_t sysfile_number(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The number after `key` at the start of a line ("MemAvailable:", "inactive_file"); -1 when there is none. */
int64_t sysfile_value(const char *path, const char *key);

/* What /proc/PID/stat and /proc/PID/task/TID/stat say. */
struct process_stat {
    char name[32]; /* may hold anything */
    char state;    /* R runs or wants to, S sleeps, D waits for a device, Z has ended ... */
    pid_t parent;
    long long ticks, started; /* CPU time, and when it was made, since boot: in ticks of the kernel's clock */
    unsigned cpu;             /* that it is on, or was on last */
};
/* 0 or -errno. */
int process_stat_read(struct process_stat *stat, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The next number that names an entry of /proc or /proc/PID/task; 0: there is none. */
pid_t process_next(DIR *directory);

#endif
