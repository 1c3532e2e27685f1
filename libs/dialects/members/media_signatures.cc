#include "libs/dialects/members/media_signatures.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/match.h"

namespace countersign::dialects::members {
namespace {

enum class Kind { kImage, kSound, kDocument, kImageOrSound };  // video counts as sound

struct Signature {
  Kind kind;
  absl::string_view mark;
  std::size_t second_at = 0;
  absl::string_view second = "";  // another mark, at `second_at`
};

template <std::size_t n>
constexpr absl::string_view Bytes(const char (&bytes)[n]) {
  return absl::string_view(bytes, n - 1);
}

constexpr Signature kSignatures[] = {
    {Kind::kImage, Bytes("\x89PNG\r\n\x1a\n")},
    {Kind::kImage, Bytes("\xff\xd8\xff")},
    {Kind::kImage, Bytes("GIF87a")},
    {Kind::kImage, Bytes("GIF89a")},
    {Kind::kImage, Bytes("II*\0")},
    {Kind::kImage, Bytes("MM\0*")},
    {Kind::kImage, Bytes("BM"), 6, Bytes("\0\0\0\0")},
    {Kind::kImage, Bytes("RIFF"), 8, Bytes("WEBP")},
    {Kind::kSound, Bytes("RIFF"), 8, Bytes("WAVE")},
    {Kind::kSound, Bytes("RIFF"), 8, Bytes("AVI ")},
    {Kind::kSound, Bytes("FORM"), 8, Bytes("AIF")},
    {Kind::kSound, Bytes("OggS\0")},
    {Kind::kSound, Bytes("fLaC\0")},
    {Kind::kSound, Bytes("ID3\x02")},
    {Kind::kSound, Bytes("ID3\x03")},
    {Kind::kSound, Bytes("ID3\x04")},
    {Kind::kSound, Bytes("\x1a\x45\xdf\xa3")},
    {Kind::kSound, Bytes("\0\0\x01\xba")},
    {Kind::kSound, Bytes("\0\0\x01\xb3")},
    {Kind::kImageOrSound, Bytes("\0"), 4, Bytes("ftyp")},
    {Kind::kDocument, Bytes("%PDF-")},
    {Kind::kDocument, Bytes("PK\x03\x04")},
    {Kind::kDocument, Bytes("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")},
};

bool Matches(const Signature& signature, absl::string_view bytes) {
  return absl::StartsWith(bytes, signature.mark) &&
         (signature.second.empty() ||
          (bytes.size() > signature.second_at &&
           absl::StartsWith(bytes.substr(signature.second_at), signature.second)));
}

unsigned ByteAt(absl::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

// The length of the frame of MPEG sound (layer III, or AAC with ADTS) at the beginning; 0 if there
// is none.
std::size_t MpegFrameSize(absl::string_view bytes) {
  if (bytes.size() < 7 || ByteAt(bytes, 0) != 0xff || (ByteAt(bytes, 1) & 0xe0) != 0xe0) return 0;
  const unsigned version = (ByteAt(bytes, 1) >> 3) & 3, layer = (ByteAt(bytes, 1) >> 1) & 3;
  if (layer == 0 && (ByteAt(bytes, 1) & 0xf0) == 0xf0) {
    return (ByteAt(bytes, 3) & 3) << 11 | ByteAt(bytes, 4) << 3 | ByteAt(bytes, 5) >> 5;
  }
  constexpr unsigned kLayer3 = 1, kMpeg1 = 3, kReserved = 1;
  constexpr unsigned kRates[] = {44100, 48000, 32000};
  constexpr unsigned kKilobits1[] = {32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320};
  constexpr unsigned kKilobits2[] = {8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160};
  const unsigned kilobits = ByteAt(bytes, 2) >> 4, rate = (ByteAt(bytes, 2) >> 2) & 3;
  if (layer != kLayer3 || version == kReserved || rate == 3) return 0;
  if (kilobits == 0 || kilobits == 15) return 0;
  const bool mpeg1 = version == kMpeg1;
  const unsigned divided = mpeg1 ? 1 : version == 2 ? 2 : 4;
  const unsigned bits = (mpeg1 ? kKilobits1 : kKilobits2)[kilobits - 1] * 1000;
  return (mpeg1 ? 144 : 72) * bits / (kRates[rate] / divided) + ((ByteAt(bytes, 2) >> 1) & 1);
}

// A frame, and behind it the next one or the end: the mark of a frame alone stands in `//s…`, too.
bool IsMpegSound(absl::string_view bytes) {
  const std::size_t size = MpegFrameSize(bytes);
  if (size < 8 || size > bytes.size()) return false;
  return size == bytes.size() || absl::StartsWith(bytes.substr(size), bytes.substr(0, 1));
}

bool Fits(Kind kind, absl::string_view type) {
  const bool image = absl::StartsWith(type, "image/");
  const bool sound = absl::StartsWith(type, "audio/") || absl::StartsWith(type, "video/");
  if (!image && !sound) return true;
  return kind == Kind::kImageOrSound || kind == (image ? Kind::kImage : Kind::kSound);
}

}  // namespace

bool HasMediaSignature(absl::string_view bytes, absl::string_view type) {
  return std::any_of(std::begin(kSignatures), std::end(kSignatures),
                     [&](const Signature& signature) {
                       return Fits(signature.kind, type) && Matches(signature, bytes);
                     }) ||
         (Fits(Kind::kSound, type) && IsMpegSound(bytes));
}

}  // namespace countersign::dialects::members
