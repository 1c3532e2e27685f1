#pragma once

#include <atomic>
#include <memory>

namespace countersign::edge::grpc_calls {

// A limited number of places, for what callers without a credential may keep open. Thread-safe;
// outlives what it gave.
class Places {
 public:
  explicit Places(int most) : most_(most) {}

  // Gives its place back when it is destroyed.
  using Place = std::unique_ptr<std::atomic<int>, void (*)(std::atomic<int>*)>;
  // Null when all are taken.
  Place Take() {
    Place place(&taken_, [](std::atomic<int>* taken) { --*taken; });
    if (++taken_ > most_) place.reset();
    return place;
  }

 private:
  const int most_;
  std::atomic<int> taken_{0};
};

}  // namespace countersign::edge::grpc_calls
