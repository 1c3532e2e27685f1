#pragma once

#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace countersign {

// A value that must not reach a log, a metric or an error message. It cannot be streamed or
// formatted; code that needs the value calls Reveal(), which makes such places easy to find. The
// bytes are overwritten on destruction, on assignment and after a move, in the object that was
// moved from too: a short string keeps its characters after a move.
template <typename T>
class Secret {
 public:
  Secret() = default;
  explicit Secret(T value) : value_(std::move(value)) { Wipe(value); }
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { Wipe(other.value_); }
  Secret& operator=(const Secret& other) {
    if (this != &other) {
      Wipe(value_);
      value_ = other.value_;
    }
    return *this;
  }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      Wipe(value_);
      value_ = std::move(other.value_);
      Wipe(other.value_);
    }
    return *this;
  }
  ~Secret() { Wipe(value_); }

  const T& Reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

 private:
  static void Wipe(T& value);
  T value_{};
};

// Overwrites `size` bytes; the compiler cannot remove it.
void WipeMemory(void* data, std::size_t size);

// Overwrites the whole capacity, because the value may have been longer before, and clears it.
template <typename T>
void Secret<T>::Wipe(T& value) {
  value.resize(value.capacity());
  WipeMemory(value.data(), value.size() * sizeof(*value.data()));
  value.clear();
}

using SecretString = Secret<std::string>;

}  // namespace countersign
