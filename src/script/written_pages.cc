#include "script/written_pages.h"

#include <signal.h>
#include <sys/mman.h>
// lint: include-ok the size of a page
#include <unistd.h>

#include <bit>
#include <cerrno>

#include "base/assert.h"

namespace mydis {
namespace {

// What the handler of the fault may look at: it must take no lock and allocate nothing. Another
// thread's range may come and go meanwhile; one's own, which is looked for, does not.
struct Slot {
  // lint: lock-ok read by the handler of a fault
  std::atomic<uintptr_t> begin{0};  // 0: free.
  WrittenPages* owner = nullptr;
};
Slot slots[256];
struct sigaction previous;
// lint: lock-ok set once, by the program
std::atomic<bool> may_answer{false};

// As if nobody had looked at the fault.
void PassOn(int signal, siginfo_t* info, void* context) {
  if ((previous.sa_flags & SA_SIGINFO) != 0) return previous.sa_sigaction(signal, info, context);
  if (previous.sa_handler == SIG_DFL || previous.sa_handler == SIG_IGN) {
    // The instruction runs once more when this returns, and ends the process.
    sigaction(SIGSEGV, &previous, nullptr);
    return;
  }
  previous.sa_handler(signal);
}

}  // namespace

struct FaultHandler {
  static void OnFault(int signal, siginfo_t* info, void* context) {
    const int error = errno;
    const bool ours = info->si_code == SEGV_ACCERR && WrittenPages::Answer(info->si_addr);
    errno = error;
    if (!ours) PassOn(signal, info, context);
  }
  static bool Install() {
    struct sigaction action {};
    action.sa_sigaction = OnFault;
    // On the stack for signals where a thread has one: the Go runtime's own stacks are too small.
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigemptyset(&action.sa_mask);
    return sigaction(SIGSEGV, &action, &previous) == 0;
  }
};

void AnswerWriteFaults() { may_answer = true; }

void WrittenPages::Leave() {
  if (slot_ < 0) return;
  Allow(all());
  slots[slot_].begin = 0;
  slot_ = -1;
}

void WrittenPages::Watch(char* begin, size_t pages) {
  MYDIS_ASSERT(begin_ == nullptr && pages >= 1 && pages <= kMaxPages, "a range of pages");
  begin_ = begin;
  pages_ = pages;
  written_ = all();
  if (!may_answer) return;
  static const bool installed = sysconf(_SC_PAGESIZE) == kPage && FaultHandler::Install();
  if (!installed) return;
  // lint: pointer-order-ok nothing is ordered by it
  const auto address = reinterpret_cast<uintptr_t>(begin);
  for (size_t i = 0; i < std::size(slots); ++i) {
    uintptr_t free = 0;
    if (!slots[i].begin.compare_exchange_strong(free, address)) continue;
    slots[i].owner = this;
    slot_ = static_cast<int>(i);
    return;
  }
}

bool WrittenPages::Answer(const void* where) {
  // lint: pointer-order-ok nothing is ordered by it
  const auto address = reinterpret_cast<uintptr_t>(where);
  for (const Slot& slot : slots) {
    const uintptr_t begin = slot.begin;
    if (begin == 0 || address < begin || address >= begin + kMaxPages * kPage) continue;
    WrittenPages& watched = *slot.owner;
    const size_t page = (address - begin) / kPage;
    if (page >= watched.pages_ || (watched.written() >> page & 1) != 0) return false;
    return watched.Change(uint64_t{1} << page, PROT_READ | PROT_WRITE);
  }
  return false;
}

void WrittenPages::Protect(uint64_t pages) {
  // Where the system refuses (it has a limit of areas) they count as written, at some cost.
  if (slot_ >= 0) Change(pages & all() & written(), PROT_READ);
}

void WrittenPages::Allow(uint64_t pages) {
  if ((pages & all() & ~written()) == 0) return;
  const bool allowed = Change(pages & all() & ~written(), PROT_READ | PROT_WRITE);
  MYDIS_ASSERT(allowed, "the system gives back what a script's memory was");
}

// Run by run, each of them at once. False: the system has refused one, those after it are as they
// were.
bool WrittenPages::Change(uint64_t pages, int protection) {
  while (pages != 0) {
    const int first = std::countr_zero(pages);
    const int count = std::countr_one(pages >> first);
    const uint64_t run = (~uint64_t{0} >> (64 - count)) << first;
    char* const begin = begin_ + static_cast<size_t>(first) * kPage;
    if (mprotect(begin, static_cast<size_t>(count) * kPage, protection) != 0) return false;
    // lint: lock-ok the fault interrupts the owner's thread itself
    constexpr auto kOrder = std::memory_order_relaxed;
    const uint64_t others = written_.load(kOrder) & ~run;
    written_.store((protection & PROT_WRITE) != 0 ? others | run : others, kOrder);
    pages &= ~run;
  }
  return true;
}

}  // namespace mydis
