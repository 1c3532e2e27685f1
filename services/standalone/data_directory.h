#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign::standalone {

// The folder of one gateway. Paths are absolute.
//   admin.key        the first administrator's access key (0600)
//   addresses.json   where the running gateway listens
//   tls.crt          the gateway's own certificate, if it made one; its key is keys/edge/tls.key
//   record.pub       the public key that verifies exports
//   log              the output of a detached gateway
//   lock             locked while a gateway runs; contains its process id, as does `pid`
//   keys/            the services' own secrets (0700)
//   cache/           compiled patterns; may be removed at any time
//   pg/              the private PostgreSQL: data/, its log, its socket
class DataDirectory {
 public:
  // Creates the folder if it is missing. INVALID_ARGUMENT when `path` cannot be a folder.
  static absl::StatusOr<DataDirectory> Make(const std::string& path);
  // NOT_FOUND when the folder does not exist.
  static absl::StatusOr<DataDirectory> Open(const std::string& path);

  // The same paths for a folder that need not exist. Touches no file.
  static DataDirectory At(const std::string& path);

  const std::string& path() const { return path_; }
  std::string admin_key() const { return path_ + "/admin.key"; }
  std::string addresses() const { return path_ + "/addresses.json"; }
  std::string log() const { return path_ + "/log"; }
  std::string record_public_key() const { return path_ + "/record.pub"; }
  std::string certificate() const { return path_ + "/tls.crt"; }
  std::string certificate_key() const { return path_ + "/keys/edge/tls.key"; }
  std::string pid() const { return path_ + "/pid"; }
  std::string keys() const { return path_ + "/keys"; }
  std::string cache() const { return path_ + "/cache"; }
  std::string cluster() const { return path_ + "/pg"; }

  // Locks the folder until it is destroyed or the process ends, however it ends.
  class Lock {
   public:
    explicit Lock(int file) : file_(file) {}
    ~Lock();
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    const int file_;
  };
  // FAILED_PRECONDITION, with the holder's process id, when another process has locked the folder.
  // Blocks for up to five seconds while a lock is left whose holder runs no more.
  absl::StatusOr<std::unique_ptr<Lock>> TryLock() const;

  // The process that has locked the folder; 0 when none has.
  pid_t Holder() const;

  // The folder for one service's keys, created with mode 0700.
  absl::StatusOr<std::string> MakeKeyFolder(absl::string_view service) const;

 private:
  explicit DataDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Replaces the file `path` atomically, with mode 0644.
absl::Status WriteWhole(const std::string& path, absl::string_view content);

}  // namespace countersign::standalone
