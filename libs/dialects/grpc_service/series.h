#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "libs/domain/masker.h"

namespace countersign::dialects::grpc_service {

// What may be sent of one text of a series: its own characters, and the replacements of matches
// that begin in it.
struct Share {
  std::string text;
  std::vector<domain::MaskedSpan> masked;  // offsets into `text`
  std::uint64_t end = 0;                   // of the text, in the series
  bool complete = false;                   // nothing of it is held any longer
};

// The texts of one series, which continue one another, and to which of them the masker's releases
// belong. Not thread-safe.
class Series {
 public:
  // The next text, of `size` bytes, is fed to the masker.
  std::shared_ptr<Share> Add(std::size_t size);

  // The release of the next text, or of an end, of `size` bytes.
  void Take(std::size_t size, domain::FieldRelease release);

  bool held() const { return !open_.empty(); }  // a share is not complete

  // Gives up waiting for the first share that is not complete: what is still held of it goes to
  // the next one.
  void Detach();

  // What belongs to a share that was given up, when none came after it. Takes it.
  Share TakeRest();

 private:
  void Append(std::uint64_t at, absl::string_view text);
  void Append(std::uint64_t at, absl::string_view text, domain::MaskedSpan span);
  bool Fits(const domain::FieldRelease& release, std::uint64_t target) const;
  Share& FindShare(std::uint64_t at);

  std::deque<std::shared_ptr<Share>> open_;
  std::uint64_t fed_ = 0;       // bytes
  std::uint64_t asked_ = 0;     // of which the masker has answered
  std::uint64_t released_ = 0;  // of which nothing is held
  Share rest_;
};

}  // namespace countersign::dialects::grpc_service
