// A mutex whose rules clang checks at compile time (-Wthread-safety, which the CMake builds with
// clang turn on, ./dev fuzz among them): what is MYDIS_GUARDED_BY it is touched only by whoever
// holds it.
#pragma once

#include <mutex>

#if defined(__clang__)
#define MYDIS_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define MYDIS_THREAD_ANNOTATION(x)
#endif

#define MYDIS_CAPABILITY(name) MYDIS_THREAD_ANNOTATION(capability(name))
#define MYDIS_SCOPED_CAPABILITY MYDIS_THREAD_ANNOTATION(scoped_lockable)
// Of a member: REQUIRES that the lock is held. PT: of what the pointer points to.
#define MYDIS_GUARDED_BY(lock) MYDIS_THREAD_ANNOTATION(guarded_by(lock))
// Of a function: the caller holds the lock; must not hold it.
#define MYDIS_REQUIRES(...) MYDIS_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define MYDIS_EXCLUDES(...) MYDIS_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
// Of a function that takes or releases the lock.
#define MYDIS_ACQUIRE(...) MYDIS_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define MYDIS_ACQUIRE_SHARED(...) MYDIS_THREAD_ANNOTATION(acquire_shared_capability(__VA_ARGS__))
#define MYDIS_TRY_ACQUIRE(...) MYDIS_THREAD_ANNOTATION(try_acquire_capability(__VA_ARGS__))
#define MYDIS_RELEASE(...) MYDIS_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define MYDIS_RELEASE_SHARED(...) MYDIS_THREAD_ANNOTATION(release_shared_capability(__VA_ARGS__))
// Of a function whose locking depends on what the analysis does not see.
#define MYDIS_NO_THREAD_ANALYSIS MYDIS_THREAD_ANNOTATION(no_thread_safety_analysis)

namespace mydis {

// Any thread. The names are those that the standard library's waits look for.
class MYDIS_CAPABILITY("mutex") Mutex {
 public:
  void lock() MYDIS_ACQUIRE() { mutex_.lock(); }
  void unlock() MYDIS_RELEASE() { mutex_.unlock(); }
  bool try_lock() MYDIS_TRY_ACQUIRE(true) { return mutex_.try_lock(); }

 private:
  std::mutex mutex_;
};

// Holds a mutex while it lives. To wait for a std::condition_variable_any, wait on the mutex
// itself.
class MYDIS_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) MYDIS_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() MYDIS_RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace mydis
