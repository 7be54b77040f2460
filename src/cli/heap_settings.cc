// How the program's allocator, jemalloc, is set. Its settings are read before main() begins.
//
// Entries of the keyspace are allocated by whichever thread applies, and freed by another: one
// arena for all keeps them on the same pages. Measured: 1M strings of 256 bytes take 385 MB with
// one arena, 550 MB with an arena for each thread, and 560 to 600 MB with mimalloc, whose threads
// all have pages of their own and which gave 400 MB of it not back after FLUSHALL. CPU per command
// is 2 % more than with mimalloc in the mean of 70 commands. Threads' caches take most of the load
// off the arena's lock. What is free for a second goes back to the system.
extern "C" {
// Visible, so that jemalloc, a shared library, finds it.
extern __attribute__((visibility("default"))) const char* malloc_conf;
const char* malloc_conf = "narenas:1,background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0";
}
