#include "libs/dialects/grpc_service/request.h"

#include <map>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/crypto/hash.h"
#include "libs/dialects/grpc_service/token_ids.h"
#include "libs/grpc_wire/frames.h"
#include "libs/json/writer.h"
#include "libs/protobuf_texts/read_message.h"

namespace countersign::dialects::grpc_service {
namespace {

using protobuf_texts::FieldType;
using protobuf_texts::ReadResult;
using protobuf_texts::Text;
using protobuf_texts::Value;

// Longer lists of numbers are shown by their digest.
constexpr std::size_t kMostNumberBytes = 64;

constexpr absl::string_view kModelNames[] = {"model", "model_name", "model_spec.name"};

bool IsRole(absl::string_view text) {
  return text == "system" || text == "user" || text == "assistant" || text == "tool" ||
         text == "function" || text == "developer";
}

// A string of a message, text or not.
struct String {
  absl::string_view path;
  absl::string_view content;
};

std::vector<String> ListStrings(const ReadResult& read, absl::string_view message) {
  std::vector<String> strings;
  const auto add = [&](absl::string_view path, const protobuf_texts::Place& place) {
    strings.push_back({path, message.substr(place.begin, place.end - place.begin)});
  };
  for (const Text& text : read.texts) add(text.path, text.place);
  for (const Value& value : read.values) {
    if (value.type == FieldType::kString) add(value.path, value.place);
  }
  return strings;
}

// The roles of a message's texts, by the path of what they are in.
class Roles {
 public:
  explicit Roles(const std::vector<String>& strings) {
    for (const auto& [path, content] : strings) {
      const std::size_t dot = path.rfind('.');
      if (path.substr(dot + 1) != "role" || !IsRole(content)) continue;
      roles_[std::string(path.substr(0, dot == absl::string_view::npos ? 0 : dot))] =
          std::string(members::CanonicalRole(content));
    }
  }

  std::string Find(absl::string_view path) const {
    if (roles_.empty()) return "user";
    while (!path.empty()) {
      const std::size_t dot = path.rfind('.');
      path = path.substr(0, dot == absl::string_view::npos ? 0 : dot);
      const auto role = roles_.find(std::string(path));
      if (role != roles_.end()) return role->second;
    }
    return "user";
  }

 private:
  std::map<std::string, std::string> roles_;
};

// Collects what is in the messages of one request.
class RequestReader {
 public:
  RequestReader(const IncomingRequest& request, const protobuf_texts::Schema& schema,
                const protobuf_texts::Method& method)
      : request_(request),
        schema_(schema),
        method_(method),
        fields_(request.connection == nullptr ? std::vector<std::string>()
                                              : request.connection->request_texts) {
    prompt_->operation = method.path;
    prompt_->stream = method.server_streams;
  }

  absl::StatusOr<ReadCall> Read() {
    grpc_wire::FrameReader frames(request_.body.size());
    frames.Feed(request_.body);
    std::size_t at = 0;
    for (std::size_t i = 0;; ++i) {
      CS_ASSIGN_OR_RETURN(const std::optional<grpc_wire::Frame> frame, frames.Next());
      if (!frame) break;
      const bool several = method_.client_streams && !method_.server_streams;
      const std::string prefix = several ? absl::StrCat("[", i, "].") : "";
      CS_RETURN_IF_ERROR(ReadMessage(frame->payload, at, prefix));
      at += grpc_wire::kFrameHeadBytes + frame->payload.size();
    }
    call_.prompt = std::move(prompt_);
    call_.method = "POST";
    call_.upstream_path = method_.path;
    call_.body = request_.body;
    call_.rpc = true;
    return std::move(call_);
  }

 private:
  absl::Status ReadMessage(const std::string& message, std::size_t frame,
                           const std::string& prefix) {
    const std::size_t offset = frame + grpc_wire::kFrameHeadBytes;
    protobuf_texts::ReadOptions options;
    options.unknown = protobuf_texts::UnknownFields::kRead;
    options.texts = &fields_;
    auto read = protobuf_texts::ReadMessage(schema_, *method_.input, message, options);
    if (!read.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("the message is no ", method_.input->name(),
                                                     ": ", prefix, read.status().message()));
    }
    call_.lengths.push_back(
        {LengthPrefix::Form::kBigEndian32, frame + 1, offset, offset + message.size()});
    for (const protobuf_texts::LengthPrefix& length : read->prefixes) {
      call_.lengths.push_back({LengthPrefix::Form::kVarint, offset + length.begin,
                               offset + length.content, offset + length.end});
    }
    const std::vector<String> strings = ListStrings(*read, message);
    AddTexts(*read, Roles(strings), message, {offset, prefix});
    for (const Value& value : read->values) {
      CS_RETURN_IF_ERROR(AddValue(value, message, prefix));
    }
    return FindModel(strings);
  }

  // Where a message is in the body, and its prefix in paths.
  struct Origin {
    std::size_t offset;
    const std::string& prefix;
  };

  void AddTexts(const ReadResult& read, const Roles& roles, const std::string& message,
                const Origin& origin) {
    for (const Text& text : read.texts) {
      const auto [begin, end, length] = text.place;
      const std::string pointer = absl::StrCat(origin.prefix, text.path);
      if (begin == end) {
        prompt_->members.push_back({pointer, "\"\""});
        continue;
      }
      prompt_->parts.push_back(
          {roles.Find(text.path), pointer, message.substr(begin, end - begin)});
      call_.places.push_back(
          {origin.offset + begin, origin.offset + end, members::Encoding::kBytes, std::string()});
    }
  }

  absl::Status AddValue(const Value& value, const std::string& message, const std::string& prefix) {
    const std::string pointer = absl::StrCat(prefix, value.path);
    if (IsTokenIds(value)) {
      return absl::InvalidArgumentError(
          absl::StrCat(pointer, " has ids of tokens, which no policy can read: send text"));
    }
    const std::size_t size = value.place.end - value.place.begin;
    const absl::string_view bytes = absl::string_view(message).substr(value.place.begin, size);
    if (value.type == FieldType::kString) {
      prompt_->members.push_back({pointer, json::Quote(bytes)});
    } else if (value.type == FieldType::kBytes || (value.packed && size > kMostNumberBytes)) {
      prompt_->media.push_back({pointer, "application/octet-stream", size,
                                absl::BytesToHexString(crypto::Sha256(bytes))});
    } else {
      std::string number = protobuf_texts::FormatNumber(value, message, kMostNumberBytes);
      const bool finite =
          number.find("nan") == std::string::npos && number.find("inf") == std::string::npos;
      prompt_->members.push_back({pointer, finite ? std::move(number) : json::Quote(number)});
    }
    return absl::OkStatus();
  }

  absl::Status FindModel(const std::vector<String>& strings) {
    for (const absl::string_view name : kModelNames) {
      for (const auto& [path, content] : strings) {
        if (path != name) continue;
        if (!prompt_->model.empty() && content != prompt_->model) {
          return absl::InvalidArgumentError("the messages name different models");
        }
        prompt_->model = std::string(content);
        return absl::OkStatus();
      }
    }
    return absl::OkStatus();
  }

  const IncomingRequest& request_;
  const protobuf_texts::Schema& schema_;
  const protobuf_texts::Method& method_;
  const protobuf_texts::TextFields fields_;
  std::shared_ptr<domain::Prompt> prompt_ = std::make_shared<domain::Prompt>();
  ReadCall call_;
};

}  // namespace

absl::StatusOr<ReadCall> ReadRequest(const IncomingRequest& request,
                                     const protobuf_texts::Schema& schema,
                                     const protobuf_texts::Method& method) {
  return RequestReader(request, schema, method).Read();
}

}  // namespace countersign::dialects::grpc_service
