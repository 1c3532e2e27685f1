#include "libs/dialects/members/media.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "libs/base/hex_digits.h"
#include "libs/base/utf8.h"

namespace countersign::dialects::members {
namespace {

constexpr absl::string_view kScheme = "data:";
constexpr std::size_t kShortText = 256;
constexpr absl::string_view kUnknownType = "application/octet-stream";

int Sextet(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

std::array<std::int8_t, 256> MakeSextets(bool either_alphabet) {
  std::array<std::int8_t, 256> table;
  for (int c = 0; c < 256; ++c) {
    const bool url = c == '-' || c == '_';
    table[c] =
        static_cast<std::int8_t>(url && !either_alphabet ? -1 : Sextet(static_cast<char>(c)));
  }
  return table;
}

// Padded base64 of the standard alphabet only.
std::optional<std::string> DecodeStrictly(absl::string_view text) {
  static const std::array<std::int8_t, 256> kSextets = MakeSextets(false);
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::size_t digits = text.size();
  while (digits + 2 > text.size() && text[digits - 1] == '=') --digits;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  int count = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const int value = kSextets[static_cast<unsigned char>(text[i])];
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count);
    bits &= (1u << count) - 1;
  }
  return bits == 0 ? std::optional<std::string>(std::move(bytes)) : std::nullopt;
}

// Decodes like lenient readers: either alphabet, with or without padding; all else is skipped.
std::string DecodeLeniently(absl::string_view text) {
  static const std::array<std::int8_t, 256> kSextets = MakeSextets(true);
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = kSextets[static_cast<unsigned char>(c)];
    if (value < 0) continue;
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xffffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count);
  }
  return bytes;
}

std::string DecodePercent(absl::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size();
    const auto byte = escape ? ParseHex(text.substr(i + 1, 2)) : std::nullopt;
    bytes += byte ? static_cast<char>(*byte) : text[i];
    if (byte) i += 2;
  }
  return bytes;
}

// Bytes decoded as text.
struct Reading {
  std::string text;      // zero bytes left out, U+FFFD for invalid bytes
  bool is_exact = true;  // the text is identical to the bytes
  bool is_text = false;  // nine of ten characters are readable
};
Reading ReadBytes(absl::string_view bytes) {
  Reading reading;
  std::size_t characters = 0, unreadable = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    const Utf8Char c = DecodeUtf8(bytes, at);
    const bool control = c.code_point < 0x20 && !absl::ascii_isspace(bytes[at]);
    if (bytes[at] != '\0' || !c.valid) {
      absl::StrAppend(&reading.text, c.valid ? bytes.substr(at, c.size) : "\xef\xbf\xbd");
      ++characters;
      unreadable += !c.valid || control ? 1 : 0;
    }
    reading.is_exact &= c.valid && bytes[at] != '\0';
    at += c.size;
  }
  // UTF-16 of Latin text is one half zero bytes, UTF-32 three quarters.
  reading.is_text =
      characters * 4 >= bytes.size() && unreadable * 10 <= characters && characters > 0;
  return reading;
}

bool IsPdf(absl::string_view bytes) { return absl::StartsWith(bytes, "%PDF-"); }

// Formats that models read as text.
bool IsTextType(absl::string_view type) {
  static const auto& types =
      *new absl::flat_hash_set<absl::string_view>{"",
                                                  "application/json",
                                                  "application/xml",
                                                  "application/javascript",
                                                  "application/ecmascript",
                                                  "application/typescript",
                                                  "application/x-javascript",
                                                  "application/x-ndjson",
                                                  "application/jsonl",
                                                  "application/yaml",
                                                  "application/x-yaml",
                                                  "application/toml",
                                                  "application/sql",
                                                  "application/graphql",
                                                  "application/csv",
                                                  "application/rtf",
                                                  "application/x-sh",
                                                  "application/x-python",
                                                  "application/x-httpd-php",
                                                  "application/x-www-form-urlencoded",
                                                  "application/x-tex",
                                                  "application/x-latex",
                                                  "application/postscript",
                                                  "message/rfc822"};
  return absl::StartsWith(type, "text/") || absl::EndsWith(type, "+json") ||
         absl::EndsWith(type, "+xml") || absl::EndsWith(type, "+yaml") || types.contains(type);
}

// Types that cannot contain text of the caller.
bool IsWellKnownType(absl::string_view type) {
  static const auto& types = *new absl::flat_hash_set<absl::string_view>{
      "image/png",
      "image/jpeg",
      "image/jpg",
      "image/gif",
      "image/webp",
      "image/bmp",
      "image/tiff",
      "image/heic",
      "image/heif",
      "image/avif",
      "audio/wav",
      "audio/x-wav",
      "audio/wave",
      "audio/mpeg",
      "audio/mp3",
      "audio/mp4",
      "audio/m4a",
      "audio/x-m4a",
      "audio/flac",
      "audio/ogg",
      "audio/opus",
      "audio/webm",
      "audio/aac",
      "audio/pcm16",
      "video/mp4",
      "video/webm",
      "video/mpeg",
      "video/ogg",
      "video/quicktime",
      "video/x-msvideo",
      "application/pdf",
      "application/octet-stream",
      "application/zip",
      "application/msword",
      "application/vnd.ms-excel",
      "application/vnd.ms-powerpoint",
      "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
      "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
      "application/vnd.openxmlformats-officedocument.presentationml.presentation"};
  return types.contains(type);
}

struct DataUrl {
  std::string type;           // lower case, without parameters
  std::string header;         // as URL parsers read it
  absl::string_view payload;  // they remove line breaks and tabs within
  bool base64 = false;
  bool has_parameters = false;
  bool changed = false;  // by URL parsers
};

bool IsRemovedInUrl(char c) { return c == '\t' || c == '\n' || c == '\r'; }

std::string WithoutRemoved(absl::string_view part) {
  std::string kept(part);
  kept.erase(std::remove_if(kept.begin(), kept.end(), IsRemovedInUrl), kept.end());
  return kept;
}

// Without the C0 controls and spaces around it.
absl::string_view StripAroundUrl(absl::string_view value) {
  const auto is_stripped = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!value.empty() && is_stripped(value.front())) value.remove_prefix(1);
  while (!value.empty() && is_stripped(value.back())) value.remove_suffix(1);
  return value;
}

bool HasDataScheme(absl::string_view url) {
  std::size_t at = 0;
  for (const char c : kScheme) {
    while (at < url.size() && IsRemovedInUrl(url[at])) ++at;
    if (at == url.size() || absl::ascii_tolower(static_cast<unsigned char>(url[at])) != c) {
      return false;
    }
    ++at;
  }
  return true;
}

// Reads what the basic URL parser of the URL Standard takes for a data: URL.
std::optional<DataUrl> ParseDataUrl(absl::string_view value) {
  const absl::string_view stripped = StripAroundUrl(value);
  if (!HasDataScheme(stripped)) return std::nullopt;
  const std::size_t comma = stripped.find(',');
  if (comma == absl::string_view::npos) return std::nullopt;
  DataUrl url;
  url.header = WithoutRemoved(stripped.substr(0, comma + 1));
  url.payload = stripped.substr(comma + 1);
  url.changed = stripped.size() < value.size() || url.header.size() < comma + 1 ||
                std::any_of(url.payload.begin(), url.payload.end(), IsRemovedInUrl);
  absl::string_view type = absl::string_view(url.header).substr(kScheme.size());
  type.remove_suffix(1);  // the comma
  const std::vector<absl::string_view> fields = absl::StrSplit(type, ';');
  url.type = absl::AsciiStrToLower(absl::StripAsciiWhitespace(fields[0]));
  for (std::size_t i = 1; i < fields.size(); ++i) {
    const bool last = i + 1 == fields.size();
    if (last && absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(fields[i]), "base64")) {
      url.base64 = true;
    } else {
      url.has_parameters = true;
    }
  }
  return url;
}

// True when bytes of the declared `type` are an image, sound or program data rather than text.
bool AreMedia(absl::string_view type, absl::string_view bytes) {
  return !IsTextType(type) && (IsPdf(bytes) || !ReadBytes(bytes).is_text);
}

}  // namespace

bool IsShortMedia(absl::string_view value) { return value.size() <= kShortText; }

bool IsSealed(absl::string_view value) {
  // Of 64 random characters of base64 there are 26 different ones in all but 1 of 10^8 cases; words
  // have about 18.
  constexpr std::size_t kStretch = 64;
  constexpr std::size_t kFewestCharacters = 26;
  if (IsShortMedia(value)) return false;
  for (std::size_t at = 0; at + kStretch <= value.size(); at += kStretch) {
    std::bitset<256> seen;
    for (const char c : value.substr(at, kStretch)) seen.set(static_cast<unsigned char>(c));
    if (seen.count() < kFewestCharacters) return false;
  }
  return true;
}

std::optional<Media> ReadMedia(absl::string_view value) {
  Media media;
  media.type = std::string(kUnknownType);
  absl::string_view payload = value;
  if (const std::optional<DataUrl> url = ParseDataUrl(value)) {
    if (!url->base64) return std::nullopt;
    payload = url->payload;
    media.type = url->type;
    if (url->has_parameters || !IsWellKnownType(url->type)) {
      media.header = url->header;
    }
  }
  std::optional<std::string> bytes = DecodeStrictly(payload);
  if (!bytes || !AreMedia(media.type, *bytes)) return std::nullopt;
  media.bytes = *std::move(bytes);
  return media;
}

std::optional<EncodedText> ReadDataUrl(absl::string_view value) {
  const std::optional<DataUrl> url = ParseDataUrl(value);
  if (!url) return std::nullopt;
  EncodedText read;
  std::optional<std::string> strict;
  std::string bytes;
  bool well_formed = true;
  if (url->base64) {
    strict = DecodeStrictly(url->payload);
    well_formed = strict.has_value();
    bytes = strict ? *std::move(strict) : DecodeLeniently(DecodePercent(url->payload));
  } else {
    bytes = DecodePercent(url->changed ? WithoutRemoved(url->payload) : url->payload);
  }
  Reading reading = ReadBytes(bytes);
  const bool is_text = reading.is_text || (well_formed && IsTextType(url->type));
  const std::size_t fragment = url->base64 ? url->payload.find('#') : absl::string_view::npos;
  if (fragment != absl::string_view::npos) {
    const absl::string_view before = url->payload.substr(0, fragment);
    Reading as_url = ReadBytes(DecodeLeniently(DecodePercent(before)));
    if (!is_text && !as_url.is_text) return std::nullopt;
    reading.text = absl::StrCat(as_url.text, "\n", reading.text);
    reading.is_exact = false;
  } else if (!is_text || bytes.empty() || (bytes == url->payload && !url->changed)) {
    return std::nullopt;
  }
  read.header = url->header;
  read.text = absl::StrCat(read.header, reading.text);
  read.encoding = !reading.is_exact ? Encoding::kOneWay
                  : url->base64     ? Encoding::kDataUrl
                                    : Encoding::kPercent;
  read.plain_too = url->changed || (url->base64 && (!well_formed || value.size() <= kShortText));
  return read;
}

std::optional<EncodedText> ReadBase64Text(absl::string_view value) {
  const bool well_formed = DecodeStrictly(value).has_value();
  const std::string bytes = DecodeLeniently(value);
  Reading reading = ReadBytes(bytes);
  if (bytes.empty() || !reading.is_text) return std::nullopt;
  EncodedText read;
  read.text = std::move(reading.text);
  read.encoding = reading.is_exact ? Encoding::kBase64 : Encoding::kOneWay;
  read.plain_too = value.size() <= kShortText || !well_formed;
  return read;
}

absl::StatusOr<std::string> WriteEncoded(const EncodedText& as_read, absl::string_view text) {
  absl::string_view payload = text;
  if (as_read.encoding == Encoding::kOneWay || !absl::ConsumePrefix(&payload, as_read.header)) {
    return absl::FailedPreconditionError("what is encoded there cannot be masked in place");
  }
  switch (as_read.encoding) {
    case Encoding::kPlain: break;
    case Encoding::kDataUrl: return absl::StrCat(as_read.header, absl::Base64Escape(payload));
    case Encoding::kBase64: return absl::Base64Escape(payload);
    case Encoding::kPercent: {
      std::string written = as_read.header;
      for (const char c : payload) {
        if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("-._~", c)) {
          written += c;
        } else {
          absl::StrAppend(&written, "%", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
        }
      }
      return written;
    }
    case Encoding::kBytes:
    case Encoding::kOneWay: break;
  }
  return std::string(text);
}

}  // namespace countersign::dialects::members
