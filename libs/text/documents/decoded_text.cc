#include "libs/text/documents/decoded_text.h"

#include <algorithm>
#include <limits>

#include "absl/strings/ascii.h"
#include "libs/text/documents/document_reader.h"

namespace countersign::text::documents {

namespace {

// True for a control character that is not white space: it is not displayed. Beyond ASCII the forms
// of a text leave such characters out (unicode/text_fold.h).
bool IsInvisible(absl::string_view character) {
  return character.size() == 1 && absl::ascii_iscntrl(static_cast<unsigned char>(character[0])) &&
         !absl::ascii_isspace(static_cast<unsigned char>(character[0]));
}

bool HasInvisible(absl::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](const char& c) { return IsInvisible(absl::string_view(&c, 1)); });
}

}  // namespace

// Concatenates the output of the filter.
class DecodedWriter final : public Characters {
 public:
  explicit DecodedWriter(DecodedText& result) : result_(result) {}

  void Add(absl::string_view decoded, absl::string_view spelled, Place place) override {
    if (IsInvisible(decoded)) return Skip(spelled.size());
    if (decoded.size() != 1 || spelled.size() != 1) Anchor();
    result_.text_.append(decoded.data(), decoded.size());
    spelled_ += spelled.size();
    escaped_ |= place.kind == Place::Kind::kNumber ? decoded != spelled
                                                   : spelled.size() > 1 && spelled[0] == '\\';
    if (decoded.size() != 1 || spelled.size() != 1) Anchor();
  }
  void AddPlain(absl::string_view text) override {
    for (std::size_t at = 0; at < text.size(); ++at) {
      const std::size_t from = at;
      while (at < text.size() && !IsInvisible(text.substr(at, 1))) ++at;
      result_.text_.append(text.data() + from, at - from);
      spelled_ += at - from;
      if (at < text.size()) Skip(1);
    }
  }
  bool escaped() const { return escaped_; }

 private:
  void Skip(std::size_t spelled) {
    Anchor();
    spelled_ += spelled;
    if (!result_.anchors_.empty()) result_.anchors_.back().spelled = spelled_;
    escaped_ = true;
  }
  void Anchor() {
    std::vector<DecodedText::Anchor>& anchors = result_.anchors_;
    if (!anchors.empty() && anchors.back().decoded == result_.text_.size()) return;
    anchors.push_back({result_.text_.size(), spelled_});
  }

  DecodedText& result_;
  std::size_t spelled_ = 0;
  bool escaped_ = false;
};

namespace {

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

// True if `text` may contain a number with an exponent.
bool HasExponent(absl::string_view text) {
  for (std::size_t at = 0; at + 2 < text.size(); ++at) {
    if (!IsDigit(text[at]) || (text[at + 1] != 'e' && text[at + 1] != 'E')) continue;
    if (IsDigit(text[at + 2]) || text[at + 2] == '+' || text[at + 2] == '-') return true;
  }
  return false;
}

// True if `text` may contain an octal escape.
bool HasOctal(absl::string_view text) {
  for (std::size_t at = text.find('\\'); at < text.size(); at = text.find('\\', at + 1)) {
    if (at + 3 < text.size() && (text[at + 1] == '0' || text[at + 1] == '1') &&
        IsDigit(text[at + 2]) && IsDigit(text[at + 3])) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::size_t DecodedText::SpelledBegin(std::size_t begin) const {
  const auto after =
      std::upper_bound(anchors_.begin(), anchors_.end(), begin,
                       [](std::size_t at, const Anchor& anchor) { return at < anchor.decoded; });
  if (after == anchors_.begin()) return begin;
  const Anchor& anchor = *(after - 1);
  const std::size_t spelled = anchor.spelled + (begin - anchor.decoded);
  // Within a character whose spelling is longer than its decoded form.
  return after == anchors_.end() ? spelled : std::min(spelled, after->spelled);
}

std::size_t DecodedText::SpelledEnd(std::size_t end) const {
  if (end == 0) return 0;
  const auto at = std::lower_bound(
      anchors_.begin(), anchors_.end(), end,
      [](const Anchor& anchor, std::size_t value) { return anchor.decoded < value; });
  return at != anchors_.end() && at->decoded == end ? at->spelled : SpelledBegin(end - 1) + 1;
}

std::optional<DecodedText> DecodeText(absl::string_view text) {
  return DecodedText::Decode(text, EscapeFilter::Escapes::kAll);
}

std::optional<DecodedText> DecodeOctal(absl::string_view text,
                                       const std::optional<DecodedText>& decoded) {
  if (!HasOctal(decoded ? decoded->text() : text)) return std::nullopt;
  return DecodedText::Decode(text, EscapeFilter::Escapes::kOctal);
}

std::optional<DecodedText> DecodedText::Decode(absl::string_view text,
                                               EscapeFilter::Escapes escapes) {
  if (text.find('\\') == absl::string_view::npos && !HasExponent(text) && !HasInvisible(text)) {
    return std::nullopt;
  }
  DecodedText result;
  DecodedWriter writer(result);
  // Resolved escapes may form further escapes: repeated as often as documents may be nested.
  EscapeFilter a(escapes), b(escapes), c(escapes), d(escapes);
  FilteredCharacters to_d(d, writer), to_c(c, to_d), to_b(b, to_c), filtered(a, to_b);
  DocumentReader reader(DocumentReader::Form::kProse, std::numeric_limits<std::size_t>::max());
  // Numbers of any length are allowed, and there are no other errors.
  if (!reader.Read(text, filtered).ok() || !reader.Finish(filtered).ok()) return std::nullopt;
  a.Settle(to_b);
  b.Settle(to_c);
  c.Settle(to_d);
  d.Settle(writer);
  if (!writer.escaped()) return std::nullopt;
  return result;
}

}  // namespace countersign::text::documents
