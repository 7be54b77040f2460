// Where a subcommand puts what it makes: a file that is there as a whole or not at all, or standard
// output. Main thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "mydis/status.h"

namespace mydis {

class OutputFile {
 public:
  // "-": standard output. Else the bytes go to `path`.part, which Commit renames; nobody but the
  // owner may read it. What is no file (/dev/null, a pipe with a name) is written to as it is.
  // Errors name the path.
  static Result<std::unique_ptr<OutputFile>> Open(const std::string& path);
  // Without Commit() the file is as it was, and the part is gone.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  Status Write(std::string_view bytes);
  // Whether Rewind() is possible.
  bool rewinds() const { return !part_.empty(); }
  // Begins anew. REQUIRES: rewinds().
  Status Rewind();
  // Makes it durable and puts it in place. The last call.
  Status Commit();
  uint64_t size() const { return size_; }

 private:
  OutputFile(std::string path, std::string part, int fd)
      : path_(std::move(path)), part_(std::move(part)), fd_(fd) {}
  Status Error() const;

  const std::string path_;
  std::string part_;  // Empty: bytes go where they belong at once.
  int fd_;
  uint64_t size_ = 0;
};

// The same error, with what became of what should have been written if a connection was lost.
Status NotWritten(const Status& why, const std::string& path);

// Everything printed so far has left the program. An error is one line for people; kUnavailable:
// the reader of the pipe has gone, which it may do. `error`: the errno of a failure that is known.
Status FlushOutput(int error = 0);

}  // namespace mydis
