#include "libs/log/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/base/clock.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"

namespace countersign::log {
namespace {

constexpr std::size_t kMaxValueBytes = 512;

struct Settings {
  std::atomic<Level> level{Level::kInfo};
  std::atomic<Format> format{Format::kText};
  std::string service;
};

Settings& Current() {
  static auto* settings = new Settings;  // Outlives every thread that may log at exit.
  return *settings;
}

spdlog::logger& Sink() {
  static auto* logger = [] {
    auto* made =
        new spdlog::logger("countersign", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

absl::string_view LevelName(Level level) {
  switch (level) {
    case Level::kDebug: return "debug";
    case Level::kInfo: return "info";
    case Level::kWarning: return "warning";
    case Level::kError: return "error";
  }
  return "error";
}

void Append(std::string& out, absl::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char character = DecodeUtf8(text, at);
    const absl::string_view bytes = text.substr(at, character.size);
    at += character.size;
    if (!character.valid) {
      absl::StrAppend(&out, EncodeUtf8(0xfffd));
    } else if (bytes == "\"" || bytes == "\\") {
      absl::StrAppend(&out, "\\", bytes);
    } else if (character.code_point < 0x20 ||
               (character.code_point >= 0x7f && character.code_point < 0xa0)) {
      absl::StrAppendFormat(&out, "\\u%04x", character.code_point);
    } else {
      absl::StrAppend(&out, bytes);
    }
  }
}

void AppendQuoted(std::string& out, absl::string_view text) {
  out.push_back('"');
  Append(out, text);
  out.push_back('"');
}

bool NeedsQuotes(absl::string_view text) {
  if (text.empty()) return true;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == '"' || c == '=' || c == '\\' || c == 0x7f) {
      return true;
    }
  }
  return false;
}

void Write(Level level, absl::string_view event, Fields fields) {
  Settings& settings = Current();
  if (level < settings.level.load(std::memory_order_relaxed)) return;
  const std::string line = FormatLine(settings.format.load(std::memory_order_relaxed), level,
                                      SystemClock().Now(), settings.service, event, fields);
  Sink().log(spdlog::level::critical, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

Value::Value(absl::string_view text) : text_(text.substr(0, kMaxValueBytes)) {}
Value::Value(bool value) : text_(value ? "true" : "false"), quoted_(false) {}
Value::Value(std::int64_t value) : text_(absl::StrCat(value)), quoted_(false) {}
Value::Value(std::uint64_t value) : text_(absl::StrCat(value)), quoted_(false) {}
Value::Value(double value) : text_(absl::StrCat(value)) {}
Value::Value(absl::Duration value) : text_(absl::FormatDuration(value)) {}
Value::Value(absl::Time value) : text_(FormatRfc3339(value)) {}
Value::Value(const absl::Status& value) {
  text_ = value.ok() ? "OK"
                     : absl::StrCat(absl::StatusCodeToString(value.code()), ": ", value.message());
  if (const std::string reason = GetReason(value); !reason.empty()) {
    absl::StrAppend(&text_, " [", reason, "]");
  }
  if (text_.size() > kMaxValueBytes) text_.resize(kMaxValueBytes);
}

absl::StatusOr<Level> LevelFromString(absl::string_view text) {
  for (const Level level : {Level::kDebug, Level::kInfo, Level::kWarning, Level::kError}) {
    if (text == LevelName(level)) return level;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("level is debug, info, warning or error, not \"", text, "\""));
}

absl::StatusOr<Format> FormatFromString(absl::string_view text) {
  if (text == "text") return Format::kText;
  if (text == "json") return Format::kJson;
  return absl::InvalidArgumentError(absl::StrCat("format is text or json, not \"", text, "\""));
}

std::string FormatLine(Format format, Level level, absl::Time time, absl::string_view service,
                       absl::string_view event, Fields fields) {
  std::string out;
  if (format == Format::kJson) {
    absl::StrAppend(&out, "{\"time\":\"", FormatRfc3339(time), "\",\"level\":\"", LevelName(level),
                    "\",\"service\":");
    AppendQuoted(out, service);
    absl::StrAppend(&out, ",\"event\":");
    AppendQuoted(out, event);
    for (const Field& field : fields) {
      absl::StrAppend(&out, ",\"", field.key.name(), "\":");
      if (field.value.quoted()) {
        AppendQuoted(out, field.value.text());
      } else {
        absl::StrAppend(&out, field.value.text());
      }
    }
    out.push_back('}');
    return out;
  }
  absl::StrAppend(&out, FormatRfc3339(time), " ", LevelName(level), " ", service,
                  service.empty() ? "" : " ");
  Append(out, event);
  for (const Field& field : fields) {
    absl::StrAppend(&out, " ", field.key.name(), "=");
    if (NeedsQuotes(field.value.text())) {
      AppendQuoted(out, field.value.text());
    } else {
      Append(out, field.value.text());
    }
  }
  return out;
}

void Configure(Level level, Format format, absl::string_view service) {
  Settings& settings = Current();
  settings.service = std::string(service);
  settings.level = level;
  settings.format = format;
}

void Debug(absl::string_view event, Fields fields) { Write(Level::kDebug, event, fields); }
void Info(absl::string_view event, Fields fields) { Write(Level::kInfo, event, fields); }
void Warning(absl::string_view event, Fields fields) { Write(Level::kWarning, event, fields); }
void Error(absl::string_view event, Fields fields) { Write(Level::kError, event, fields); }

}  // namespace countersign::log
