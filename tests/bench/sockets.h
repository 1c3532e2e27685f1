#pragma once

#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"

namespace countersign::bench {

// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();

  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// All sockets are on 127.0.0.1, non-blocking, without Nagle's delay. Port 0 lets the kernel choose.
absl::StatusOr<Descriptor> Listen(std::uint16_t port);
absl::StatusOr<std::uint16_t> GetPort(const Descriptor& listener);
absl::StatusOr<Descriptor> Connect(std::uint16_t port);
// When there is nothing to accept the returned descriptor is not ok().
Descriptor Accept(const Descriptor& listener);

}  // namespace countersign::bench
