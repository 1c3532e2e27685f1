#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/secret.h"
#include "libs/log/fields.h"

// Writes one line per event to stderr: a constant sentence ("listening") and typed fields whose
// names are in the allow-list of fields.h. Other field names do not compile, a Secret<T> cannot be
// a value, and there is no field for prompts, answers and credentials. Thread-safe; never throws,
// blocks on stderr only.
//   log::Info("listening", {{"address", address}, {"service", "policy"}});
namespace countersign::log {

enum class Level { kDebug, kInfo, kWarning, kError };
enum class Format { kText, kJson };

// INVALID_ARGUMENT unless "debug", "info", "warning" or "error" ("text" or "json").
absl::StatusOr<Level> LevelFromString(absl::string_view text);
absl::StatusOr<Format> FormatFromString(absl::string_view text);

// A field's value as text. Strings longer than 512 bytes are truncated.
class Value {
 public:
  Value(absl::string_view text);                               // NOLINT: fields read as literals
  Value(const char* text) : Value(absl::string_view(text)) {}  // NOLINT
  Value(const std::string& text) : Value(absl::string_view(text)) {}   // NOLINT
  Value(bool value);                                                   // NOLINT
  Value(int value) : Value(static_cast<std::int64_t>(value)) {}        // NOLINT
  Value(unsigned value) : Value(static_cast<std::uint64_t>(value)) {}  // NOLINT
  Value(std::int64_t value);                                           // NOLINT
  Value(std::uint64_t value);                                          // NOLINT
  Value(double value);                                                 // NOLINT
  Value(absl::Duration value);                                         // NOLINT
  Value(absl::Time value);                                             // NOLINT
  Value(const absl::Status& value);  // NOLINT: code, message, reason
  template <typename T>
  Value(const Secret<T>&) = delete;

  const std::string& text() const { return text_; }
  bool quoted() const { return quoted_; }  // as a JSON string, not as a number or boolean

 private:
  std::string text_;
  bool quoted_ = true;
};

struct Field {
  Key key;
  Value value;
};
using Fields = std::initializer_list<Field>;

void Debug(absl::string_view event, Fields fields = {});
void Info(absl::string_view event, Fields fields = {});
void Warning(absl::string_view event, Fields fields = {});
void Error(absl::string_view event, Fields fields = {});

// Call once, early in main. Defaults: info, text.
void Configure(Level level, Format format, absl::string_view service);

// The line for an event, without newline. Control characters are escaped in both formats, so that a
// value cannot forge a line or control a terminal; invalid UTF-8 becomes U+FFFD, so that a JSON
// line is always valid JSON.
std::string FormatLine(Format format, Level level, absl::Time time, absl::string_view service,
                       absl::string_view event, Fields fields);

}  // namespace countersign::log
