// The keys and certificates that this instance's connections are made with, read anew when their
// files change.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "mydis/status.h"
#include "net/tls.h"
#include "server/options.h"

namespace mydis {

// Any thread, except where it says otherwise.
class TransportSecurity {
 public:
  using Context = std::shared_ptr<const TlsContext>;

  explicit TransportSecurity(const ServerOptions& options);
  ~TransportSecurity();
  TransportSecurity(const TransportSecurity&) = delete;
  TransportSecurity& operator=(const TransportSecurity&) = delete;

  // Reads all files; an error names the option. Before the rest, by the thread that made this.
  Status Load();
  // From now on a thread of its own looks at the files once a second, and calls `on_keys` with the
  // cluster keys whenever they were read anew. A file that cannot be used changes nothing.
  void Watch(std::function<void(Context)> on_keys);
  // Reads all files anew, whether they seem to have changed or not.
  void Reload();
  // Ends the thread: `on_keys` is called no more. By the thread that called Watch.
  void Stop();

  // For connections between instances; null: they are plain.
  Context cluster() const { return Current(cluster_); }
  // For clients' connections; null: they are plain.
  Context clients() const { return Current(clients_); }

 private:
  // What is made of some files.
  struct Source {
    std::vector<std::string> files;  // None: the option was not given.
    std::function<Result<Context>()> read;
    std::string stamp;  // How the files looked when they were read last.
    Context current;    // Guarded by mutex_.
  };

  Context Current(const Source& source) const;
  Status Read(Source& source);
  // True if the source was read anew.
  bool Refresh(Source& source, bool anyway);
  void Run();

  Source cluster_;
  Source clients_;
  std::function<void(Context)> on_keys_;
  mutable Mutex mutex_;
  std::condition_variable_any wake_;
  bool reload_ MYDIS_GUARDED_BY(mutex_) = false;
  bool stop_ MYDIS_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace mydis
