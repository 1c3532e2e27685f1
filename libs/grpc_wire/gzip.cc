#include "libs/grpc_wire/gzip.h"

#include <zlib.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace countersign::grpc_wire {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib: 32 KiB, in gzip's form only
constexpr int kMemory = 8;            // zlib's default
constexpr std::size_t kStep = 64u << 10;

Bytef* Bytes(const char* data) { return reinterpret_cast<Bytef*>(const_cast<char*>(data)); }

// Frees zlib's memory on every way out.
struct Inflater {
  Inflater() { inflateInit2(&stream, kGzipWindow); }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  z_stream stream{};
};

}  // namespace

std::string Gzip(absl::string_view bytes) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = Bytes(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = Bytes(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);  // the bound is enough for one step
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

absl::StatusOr<std::string> Gunzip(absl::string_view bytes, std::size_t max_bytes) {
  Inflater inflater;
  z_stream& stream = inflater.stream;
  stream.next_in = Bytes(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string content;
  int result = Z_OK;
  do {
    const std::size_t before = content.size();
    // One byte more than allowed tells a content at the limit from one above it.
    content.resize(before + std::min(kStep, max_bytes + 1 - before));
    stream.next_out = Bytes(content.data() + before);
    stream.avail_out = static_cast<uInt>(content.size() - before);
    result = inflate(&stream, Z_NO_FLUSH);
    content.resize(content.size() - stream.avail_out);
    if (content.size() > max_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the message has more than ", max_bytes, " bytes when decompressed"));
    }
    if (result == Z_STREAM_END && stream.avail_in > 0) result = inflateReset(&stream);
  } while (result == Z_OK);
  if (result != Z_STREAM_END) return absl::InvalidArgumentError("the message is not valid gzip");
  return content;
}

}  // namespace countersign::grpc_wire
