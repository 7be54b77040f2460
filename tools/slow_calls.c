// A library for LD_PRELOAD that sleeps now and then before and behind system calls, some milliseconds
// at a time: on a machine where nothing happens at once, tests that count on it fail.
//
//   gcc -O2 -fPIC -shared -o /tmp/slow_calls.so tools/slow_calls.c -ldl
//   LD_PRELOAD=/tmp/slow_calls.so ctest --test-dir build/release -j 6 -R '^(cluster|cli|docs|library)'
//
// SLOW_CALLS=N: one call of N sleeps (60). What is slow by itself fails for want of time: ten thousand
// connections, zsh's completion.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static unsigned OneOf(void) {
  static unsigned one_of;
  if (one_of == 0) {
    const char* text = getenv("SLOW_CALLS");
    one_of = text != NULL && atoi(text) > 0 ? (unsigned)atoi(text) : 60;
  }
  return one_of;
}

static void MaySleep(unsigned rarer) {
  static __thread uint64_t random;
  const int error = errno;
  if (random == 0) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    random = ((uint64_t)now.tv_nsec * 2654435761u ^ (uint64_t)getpid() << 32) | 1;
  }
  random ^= random << 13;
  random ^= random >> 7;
  random ^= random << 17;
  if ((random >> 20) % (OneOf() * rarer / 4 + 1) == 0) {
    static const long kMs[] = {1, 1, 2, 2, 5, 5, 10, 20, 40};
    const struct timespec time = {0, kMs[(random >> 40) % 9] * 1000000};
    nanosleep(&time, NULL);
  }
  errno = error;
}

// In quarters of SLOW_CALLS: 1 for what happens seldom, 16 for what happens all the time.
#define SLOW(type, name, parameters, arguments, rarer) \
  type name parameters {                               \
    static type(*original) parameters;                 \
    if (!original) original = dlsym(RTLD_NEXT, #name); \
    MaySleep(rarer);                                   \
    type result = original arguments;                  \
    MaySleep(rarer);                                   \
    return result;                                     \
  }

SLOW(ssize_t, send, (int a, const void* b, size_t c, int d), (a, b, c, d), 4)
SLOW(ssize_t, sendmsg, (int a, const struct msghdr* b, int c), (a, b, c), 4)
SLOW(ssize_t, recv, (int a, void* b, size_t c, int d), (a, b, c, d), 4)
SLOW(ssize_t, recvmsg, (int a, struct msghdr* b, int c), (a, b, c), 4)
SLOW(ssize_t, readv, (int a, const struct iovec* b, int c), (a, b, c), 4)
SLOW(ssize_t, writev, (int a, const struct iovec* b, int c), (a, b, c), 8)
SLOW(ssize_t, write, (int a, const void* b, size_t c), (a, b, c), 8)
SLOW(ssize_t, read, (int a, void* b, size_t c), (a, b, c), 16)
SLOW(int, epoll_wait, (int a, struct epoll_event* b, int c, int d), (a, b, c, d), 4)
SLOW(int, poll, (struct pollfd * a, nfds_t b, int c), (a, b, c), 4)
SLOW(int, accept, (int a, struct sockaddr* b, socklen_t* c), (a, b, c), 1)
SLOW(int, accept4, (int a, struct sockaddr* b, socklen_t* c, int d), (a, b, c, d), 1)
SLOW(int, connect, (int a, const struct sockaddr* b, socklen_t c), (a, b, c), 1)
SLOW(int, shutdown, (int a, int b), (a, b), 1)
SLOW(int, close, (int a), (a), 1)
SLOW(int, fsync, (int a), (a), 1)
SLOW(int, fdatasync, (int a), (a), 1)
SLOW(int, rename, (const char* a, const char* b), (a, b), 1)
