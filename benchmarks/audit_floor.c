/* The least that looking at every file costs: getdents64, openat, read 4 KiB, close; by as many processes as asked. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct entry { unsigned long long ino; long long off; unsigned short length; unsigned char type; char name[]; };

static unsigned long files;
static volatile unsigned *next;  /* shared: which second-level folder is free */
static unsigned turn;

static void walk(int fd, int depth) {
    static char head[4096];
    char *buffer = malloc(32768);
    long got;
    while ((got = syscall(SYS_getdents64, fd, buffer, 32768)) > 0)
        for (long at = 0; at < got;) {
            struct entry *one = (struct entry *)(buffer + at);
            at += one->length;
            if (one->type == DT_REG) {
                int file = openat(fd, one->name, O_RDONLY | O_NOFOLLOW | O_NOATIME | O_NONBLOCK);
                if (file < 0) continue;
                if (read(file, head, sizeof head) >= 0) files++;
                close(file);
            } else if (one->type == DT_DIR && strcmp(one->name, ".") && strcmp(one->name, "..")) {
                if (depth == 1) {  /* each process takes the folders that nobody has taken */
                    unsigned mine = turn++;
                    if (!__sync_bool_compare_and_swap(&next[mine], 0, 1)) continue;
                }
                int folder = openat(fd, one->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
                if (folder >= 0) { walk(folder, depth + 1); close(folder); }
            }
        }
    free(buffer);
}

int main(int count, char **words) {
    int jobs = count > 2 ? atoi(words[2]) : 1;
    next = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int job = 0; job < jobs; job++)
        if (!fork()) {
            int root = open(words[1], O_RDONLY | O_DIRECTORY);
            walk(root, 0);
            printf("%lu\n", files);
            return 0;
        }
    while (wait(0) > 0) {}
    return 0;
}
