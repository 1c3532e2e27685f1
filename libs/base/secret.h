#pragma once

#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace countersign {

// A value that must not reach a log, a metric or an error message. It cannot be streamed or
// formatted; code that needs the value calls Reveal(), which makes such places easy to find. The
// bytes of a Secret<std::string> are overwritten on destruction and assignment.
template <typename T>
class Secret {
 public:
  Secret() = default;
  explicit Secret(T value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret(Secret&&) noexcept = default;
  Secret& operator=(const Secret& other) {
    if (this != &other) {
      Wipe();
      value_ = other.value_;
    }
    return *this;
  }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      Wipe();
      value_ = std::move(other.value_);
    }
    return *this;
  }
  ~Secret() { Wipe(); }

  const T& Reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

 private:
  void Wipe();
  T value_{};
};

// Overwrites `size` bytes; the compiler cannot remove it.
void WipeMemory(void* data, std::size_t size);

template <typename T>
void Secret<T>::Wipe() {
  WipeMemory(value_.data(), value_.size() * sizeof(*value_.data()));
}

using SecretString = Secret<std::string>;

}  // namespace countersign
