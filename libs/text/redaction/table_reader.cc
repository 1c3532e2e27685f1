#include "libs/text/redaction/table_reader.h"

#include <algorithm>

#include "libs/text/redaction/context_words.h"
#include "libs/text/unicode/text_fold.h"

namespace countersign::text::redaction {
namespace {

enum class Role : std::uint8_t { kText, kBlank, kQuote, kDigit, kStop, kSeparator, kLine, kEdge };

struct Roles {
  std::array<Role, 256> of{};
  std::array<std::uint8_t, 256> kind{};  // of separators
};

constexpr Roles MakeRoles() {
  Roles roles;
  for (const unsigned char byte :
       {' ', '\r', '\'', '`', '*', '\\', unicode::kEscapedQuote, unicode::kEscapedMark}) {
    roles.of[byte] = Role::kBlank;
  }
  for (unsigned byte = '0'; byte <= '9'; ++byte) roles.of[byte] = Role::kDigit;
  for (const unsigned char byte : {'.', '?', '!', '{', '}', '=', '<', '>', ':'})
    roles.of[byte] = Role::kStop;
  roles.of[static_cast<unsigned char>('"')] = Role::kQuote;
  roles.of[static_cast<unsigned char>('\n')] = Role::kLine;
  roles.of[static_cast<unsigned char>(unicode::kStringEdge)] = Role::kEdge;
  std::uint8_t kind = 0;
  for (const unsigned char byte : {'|', '\t', ';', ','}) {
    roles.of[byte] = Role::kSeparator;
    roles.kind[byte] = kind++;
  }
  return roles;
}

constexpr Roles kRoles = MakeRoles();

}  // namespace

bool TableReader::HasColumn() const {
  return std::any_of(columns_.begin(), columns_.end(),
                     [&](const Column& column) { return column.number == counts_[separator_]; });
}

bool TableReader::Names(std::uint32_t proximity) const {
  return open() && std::any_of(columns_.begin(), columns_.end(), [&](const Column& column) {
           return column.number == counts_[separator_] && column.proximity == proximity;
         });
}

std::size_t TableReader::FindLineEnd(absl::string_view text, std::size_t from) {
  const absl::string_view line = text.substr(from, text.substr(from).find('\n'));
  const std::size_t end = from + std::min(line.find(unicode::kStringEdge), line.size());
  return end < text.size() ? end : text.npos;
}

bool TableReader::MayBeHeader(absl::string_view line) {
  std::size_t cell = 0;
  bool separated = false;
  char previous = 0;
  for (const char byte : line) {
    const Role role = kRoles.of[static_cast<unsigned char>(byte)];
    if (role == Role::kDigit || role == Role::kStop) return false;
    if (role == Role::kLine || role == Role::kEdge) break;
    const bool gap = byte == ' ' && previous == ' ';
    previous = byte;
    separated = separated || gap || role == Role::kSeparator;
    cell = gap || role == Role::kSeparator ? 0 : cell + 1;
    if (cell > kWidestCell) return false;
  }
  return separated;
}

// Whether the second space of several behind a value was read.
bool TableReader::EndsGap(char byte) {
  if (byte != ' ') {
    spaces_ = 0;
    begun_ = begun_ || byte != '\r';
    return false;
  }
  if (spaces_ < 2) ++spaces_;
  if (spaces_ != 2 || !begun_ || quoted_) return false;
  begun_ = false;  // one gap, however wide
  return true;
}

void TableReader::Separate(std::uint8_t kind, absl::string_view before, const ContextWords& words) {
  if (may_be_header_) EndCell(before, words);
  std::uint8_t& count = counts_[kind];
  if (count < kTooMany) ++count;
  cell_size_ = 0;
  // In tables of other kinds a gap is a part of a cell.
  blank_ = blank_ || kind != kGap || separator_ == kGap || separator_ == kNone;
}

void TableReader::Read(char byte, absl::string_view before, const ContextWords& words) {
  if (EndsGap(byte)) return Separate(kGap, before, words);
  const auto index = static_cast<unsigned char>(byte);
  const Role role = kRoles.of[index];
  switch (role) {
    case Role::kLine:
      if (may_be_header_) EndCell(before, words);
      return EndLine();
    case Role::kEdge:
      separator_ = kNone;
      if (!columns_.empty()) columns_ = {};
      return StartLine();
    case Role::kSeparator:
      if (quoted_) break;
      return Separate(kRoles.kind[index], before, words);
    case Role::kQuote: quoted_ = !quoted_; break;
    case Role::kDigit:
    case Role::kStop:
      may_be_header_ = false;
      blank_ = false;
      break;
    case Role::kText: blank_ = false; break;
    case Role::kBlank: break;
  }
  if (may_be_header_ && ++cell_size_ > kWidestCell) may_be_header_ = false;
}

void TableReader::EndCell(absl::string_view before, const ContextWords& words) {
  if (found_.size() >= kMostColumns) return;
  for (const std::size_t proximity :
       words.FindProximities(before.substr(before.size() - cell_size_))) {
    found_.push_back({counts_, static_cast<std::uint16_t>(proximity)});
  }
}

void TableReader::EndLine() {
  const auto kind = static_cast<std::uint8_t>(
      std::find_if(counts_.begin(), counts_.end(), [](std::uint8_t count) { return count > 0; }) -
      counts_.begin());
  // A line of a list in a source ends in a comma; a header does not.
  const bool goes_on = (kind == kComma || kind == kSemicolon) && blank_;
  if (may_be_header_ && kind != kNone && !goes_on && !found_.empty()) {
    separator_ = kind;
    columns_.clear();
    for (const Found& found : found_) columns_.push_back({found.number[kind], found.proximity});
  } else if (separator_ != kNone && counts_[separator_] == 0) {
    separator_ = kNone;
    columns_ = {};
  }
  StartLine();
}

void TableReader::StartLine() {
  if (!found_.empty()) found_ = {};
  may_be_header_ = true;
  quoted_ = begun_ = false;
  blank_ = true;
  cell_size_ = spaces_ = 0;
  counts_ = {};
}

}  // namespace countersign::text::redaction
