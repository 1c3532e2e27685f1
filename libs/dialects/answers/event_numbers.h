#pragma once

#include <cstddef>
#include <cstdint>

namespace countersign::dialects::answers {

// The number of an event of a stream that numbers them, and its place in the event's data.
struct EventNumber {
  std::int64_t value = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Numbers the events that callers get: as the upstream numbers them, until one is added or dropped.
// From then on every event has the upstream's number, moved by as much as were added or dropped, so
// that the numbers of a stream rise one by one if those of the upstream do. Not thread-safe.
class EventNumbers {
 public:
  // The number of the next event, which the upstream sent with `sent`.
  std::int64_t Move(std::int64_t sent) { return last_ = sent + shift_; }
  // The number of an event that is added behind the last one.
  std::int64_t Add() {
    ++shift_;
    return ++last_;
  }
  std::int64_t next() const { return last_ + 1; }
  // Notes that an event of the upstream is not sent.
  void Drop() { --shift_; }

 private:
  std::int64_t shift_ = 0;
  std::int64_t last_ = -1;
};

}  // namespace countersign::dialects::answers
