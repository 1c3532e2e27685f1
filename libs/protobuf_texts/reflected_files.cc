#include "libs/protobuf_texts/reflected_files.h"

#include <functional>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/protobuf_texts/wire_reader.h"

namespace countersign::protobuf_texts {
namespace {

constexpr int kMostRounds = 16;
constexpr std::size_t kMostWords = 200;

// Fields of ServerReflectionRequest.
constexpr std::uint32_t kFileByName = 3;
constexpr std::uint32_t kFileContainingSymbol = 4;
constexpr std::uint32_t kListServices = 7;

std::string EncodeField(std::uint32_t number, absl::string_view content) {
  std::string bytes(1, static_cast<char>(number << 3 | 2));
  std::size_t size = content.size();
  for (; size >= 0x80; size >>= 7) bytes.push_back(static_cast<char>(size | 0x80));
  bytes.push_back(static_cast<char>(size));
  absl::StrAppend(&bytes, content);
  return bytes;
}

using ContentVisitor = std::function<absl::Status(std::uint32_t number, absl::string_view)>;

// Calls `visit` with the content of every string, bytes and message.
absl::Status ForEachContent(absl::string_view message, const ContentVisitor& visit) {
  WireReader reader(message, 0, message.size());
  while (true) {
    const auto field = reader.Next();
    if (!field.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("an answer of reflection: ", field.status().message()));
    }
    if (!field->has_value()) return absl::OkStatus();
    if ((*field)->type != WireType::kLengthDelimited) continue;
    CS_RETURN_IF_ERROR(
        visit((*field)->number,
              message.substr((*field)->value_begin, (*field)->value_end - (*field)->value_begin)));
  }
}

absl::Status ReadServerError(absl::string_view message) {
  std::string words;
  CS_RETURN_IF_ERROR(ForEachContent(message, [&](std::uint32_t number, absl::string_view content) {
    if (number == 2) words = std::string(content.substr(0, kMostWords));
    return absl::OkStatus();
  }));
  return absl::UnavailableError(absl::StrCat("reflection reports an error",
                                             words.empty() || !IsUtf8(words) ? "" : ": ",
                                             IsUtf8(words) ? words : ""));
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ReflectedFiles::Ask() {
  std::vector<std::string> requests;
  if (rounds_ == 0) requests.push_back(EncodeField(kListServices, "*"));
  for (const std::string& symbol : symbols_) {
    requests.push_back(EncodeField(kFileContainingSymbol, symbol));
  }
  for (const std::string& name : missing_) {
    requests.push_back(EncodeField(kFileByName, name));
    asked_.insert(name);
  }
  symbols_.clear();
  missing_.clear();
  if (requests.empty()) return requests;
  if (++rounds_ > kMostRounds) {
    return absl::ResourceExhaustedError("reflection asks for more files after 16 rounds");
  }
  return requests;
}

absl::Status ReflectedFiles::Take(absl::string_view response) {
  return ForEachContent(response, [&](std::uint32_t number, absl::string_view content) {
    switch (number) {
      case 4:
        return ForEachContent(content, [&](std::uint32_t field, absl::string_view file) {
          return field == 1 ? TakeFile(file) : absl::OkStatus();
        });
      case 6:
        return ForEachContent(content, [&](std::uint32_t field, absl::string_view service) {
          return field == 1 ? TakeService(service) : absl::OkStatus();
        });
      case 7: return ReadServerError(content);
      default: return absl::OkStatus();
    }
  });
}

absl::Status ReflectedFiles::TakeService(absl::string_view service) {
  return ForEachContent(service, [&](std::uint32_t number, absl::string_view name) {
    if (number != 1 || absl::StartsWith(name, "grpc.reflection.")) return absl::OkStatus();
    if (++services_ > limits_.files) {
      return absl::ResourceExhaustedError("reflection lists too many services");
    }
    symbols_.emplace_back(name);
    return absl::OkStatus();
  });
}

absl::Status ReflectedFiles::TakeFile(absl::string_view file) {
  std::string name;
  std::vector<std::string> imports;
  CS_RETURN_IF_ERROR(ForEachContent(file, [&](std::uint32_t number, absl::string_view content) {
    if (number == 1) name = std::string(content);
    if (number == 3) imports.emplace_back(content);
    return absl::OkStatus();
  }));
  if (!files_.emplace(name, std::string(file)).second) return absl::OkStatus();
  bytes_ += file.size();
  if (files_.size() > limits_.files || bytes_ > limits_.bytes) {
    return absl::ResourceExhaustedError("reflection has too many or too large files");
  }
  missing_.erase(name);
  for (std::string& import : imports) {
    if (files_.find(import) == files_.end() && asked_.find(import) == asked_.end()) {
      missing_.insert(std::move(import));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<const Schema>> ReflectedFiles::Finish() const {
  std::string set;
  for (const auto& [name, file] :
       std::map<absl::string_view, absl::string_view>(files_.begin(), files_.end())) {
    set += EncodeField(1, file);
  }
  return ReadDescriptorSet(set, limits_);
}

}  // namespace countersign::protobuf_texts
