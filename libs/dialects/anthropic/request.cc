#include "libs/dialects/anthropic/request.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "libs/dialects/anthropic/request_schema.h"
#include "libs/dialects/byte_order_mark.h"
#include "libs/dialects/members/partition.h"
#include "libs/dialects/model_id.h"
#include "libs/dialects/percent.h"
#include "libs/dialects/query_texts.h"
#include "libs/json/any_json.h"
#include "libs/json/document.h"

namespace countersign::dialects::anthropic {
namespace {

using json::Type;
using json::Value;

constexpr absl::string_view kNumbers[] = {"max_tokens", "temperature", "top_p", "top_k"};
constexpr std::size_t kLongestBatchId = 128;

absl::Status Invalid(absl::string_view what) { return absl::InvalidArgumentError(what); }

// Reads the members of one request that the gateway itself needs, and rejects invalid requests.
class Reader {
 public:
  // `at`: where the request stands in the body, for messages.
  Reader(domain::Prompt& prompt, std::string at) : prompt_(prompt), at_(std::move(at)) {}

  absl::Status Read(const Value& root) {
    if (!root.is(Type::kObject)) return Invalid(absl::StrCat(At(""), " must be a JSON object"));
    const absl::string_view model = root["model"].text();
    if (model.empty()) {
      return Invalid(absl::StrCat(At("model"), " must be a string that names a model"));
    }
    if (!prompt_.model.empty() && prompt_.model != model) {
      return Invalid("all requests of a batch must name the same model: make a batch for each");
    }
    prompt_.model = std::string(model);
    if (!root["messages"].is(Type::kArray)) {
      return Invalid(absl::StrCat(At("messages"), " must be an array"));
    }
    const Value stream = root["stream"];
    if (stream.exists() && !stream.is(Type::kNull) && !stream.is(Type::kBool)) {
      return Invalid(absl::StrCat(At("stream"), " must be true or false"));
    }
    prompt_.stream |= stream.boolean().value_or(false);
    CS_RETURN_IF_ERROR(ReadNumbers(root));
    ReadToolNames(root["tools"]);
    return CheckMessages(root["messages"]);
  }

 private:
  std::string At(absl::string_view member) const {
    if (at_.empty() && member.empty()) return "the body";
    const absl::string_view dot = at_.empty() || member.empty() ? "" : ".";
    return absl::StrCat("\"", at_, dot, member, "\"");
  }

  // Of several requests the highest value counts.
  void Note(const std::string& name, double number) {
    const auto [at, is_new] = prompt_.parameters.try_emplace(name, number);
    if (!is_new) at->second = std::max(at->second, number);
  }

  absl::Status ReadNumbers(const Value& root) {
    for (std::size_t i = 0; i < root.size(); ++i) {
      const Value value = root.at(i);
      const absl::string_view key = root.key(i);
      if (const auto number = value.number()) {
        Note(std::string(key), *number);
      } else if (!value.is(Type::kNull) &&
                 std::find(std::begin(kNumbers), std::end(kNumbers), key) != std::end(kNumbers)) {
        return Invalid(absl::StrCat(At(key), " must be a number"));
      }
    }
    // OpenAI's second name of the limit: a policy that uses it is meant for this one, too.
    const auto limit = prompt_.parameters.find("max_tokens");
    if (limit != prompt_.parameters.end()) Note("max_completion_tokens", limit->second);
    return absl::OkStatus();
  }

  void ReadToolNames(const Value& tools) {
    for (std::size_t i = 0; i < tools.size() && tools.is(Type::kArray); ++i) {
      const Value name = tools.at(i)["name"];
      if (name.is(Type::kString)) prompt_.tools.emplace_back(name.text());
    }
  }

  absl::Status CheckMessages(const Value& messages) const {
    for (std::size_t i = 0; i < messages.size(); ++i) {
      if (messages.at(i)["role"].text().empty()) {
        return Invalid(absl::StrCat(At(absl::StrCat("messages[", i, "].role")),
                                    " must be a string that names a role"));
      }
    }
    return absl::OkStatus();
  }

  domain::Prompt& prompt_;
  const std::string at_;
};

absl::Status ReadBatch(const Value& root, domain::Prompt& prompt) {
  const Value requests = root["requests"];
  if (!requests.is(Type::kArray) || requests.size() == 0) {
    return Invalid("\"requests\" must be an array of at least one request");
  }
  for (std::size_t i = 0; i < requests.size(); ++i) {
    CS_RETURN_IF_ERROR(
        Reader(prompt, absl::StrCat("requests[", i, "].params")).Read(requests.at(i)["params"]));
  }
  // Its answer is no stream, whatever the entries ask for.
  prompt.stream = false;
  return absl::OkStatus();
}

absl::Status CheckEncoding(const IncomingRequest& request) {
  for (const auto& [name, value] : request.headers) {
    if (!absl::EqualsIgnoreCase(name, "content-encoding")) continue;
    if (value.empty() || absl::EqualsIgnoreCase(value, "identity")) continue;
    return Invalid(absl::StrCat("content-encoding ", value, " is not supported"));
  }
  return absl::OkStatus();
}

absl::StatusOr<ReadCall> ReadBody(const IncomingRequest& request, const members::Schema& schema) {
  CS_RETURN_IF_ERROR(CheckEncoding(request));
  ReadCall call;
  call.body = std::string(absl::StripPrefix(request.body, kByteOrderMark));
  const absl::StatusOr<json::Document> document =
      json::ParseAnyJson(call.body, json::BodyLimits(call.body.size()));
  if (!document.ok()) {
    return Invalid(absl::StrCat("the body is not valid JSON: ", document.status().message()));
  }
  domain::Prompt prompt;
  prompt.operation = std::string(schema.operation());
  const bool batch = &schema == &CreateBatchSchema();
  CS_RETURN_IF_ERROR(batch ? ReadBatch(document->root(), prompt)
                           : Reader(prompt, "").Read(document->root()));
  members::Partition parts = members::Divide(schema, document->root(), call.body);
  prompt.parts = std::move(parts.texts);
  prompt.media = std::move(parts.media);
  prompt.members = std::move(parts.plain);
  call.places = std::move(parts.places);
  call.prompt = std::make_shared<const domain::Prompt>(std::move(prompt));
  call.method = "POST";
  return call;
}

ReadCall MakeCall(absl::string_view method, absl::string_view operation, std::string model = "") {
  domain::Prompt prompt;
  prompt.operation = std::string(operation);
  prompt.model = std::move(model);
  ReadCall call;
  call.method = std::string(method);
  call.prompt = std::make_shared<const domain::Prompt>(std::move(prompt));
  return call;
}

absl::StatusOr<ReadCall> ReadModels(const std::vector<absl::string_view>& steps) {
  if (steps.size() == 1) {
    ReadCall call = MakeCall("GET", "models.list");
    call.upstream_path = "/models";
    return call;
  }
  const absl::StatusOr<std::string> id = DecodePercent(steps[1]);
  if (steps.size() != 2 || !id.ok() || !IsModelId(*id) || absl::StrContains(*id, '/')) {
    return absl::NotFoundError("there is no such model id");
  }
  ReadCall call = MakeCall("GET", "models.get", *id);
  call.upstream_path = absl::StrCat("/models/", EncodeSegment(*id));
  return call;
}

bool IsBatchId(absl::string_view id) {
  return !id.empty() && id.size() <= kLongestBatchId &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
         });
}

// A request for a batch by its id, which a reviewer is shown as text: it is the caller's word.
absl::StatusOr<ReadCall> ReadBatchById(const IncomingRequest& request,
                                       const std::vector<absl::string_view>& steps) {
  struct Form {
    absl::string_view method;
    absl::string_view last;
    absl::string_view operation;
  };
  static constexpr Form kForms[] = {{"GET", "", "messages.batches.get"},
                                    {"DELETE", "", "messages.batches.delete"},
                                    {"GET", "results", "messages.batches.results"},
                                    {"POST", "cancel", "messages.batches.cancel"}};
  const absl::string_view last = steps.size() == 4 ? steps[3] : "";
  for (const Form& form : kForms) {
    if (form.method != request.method || form.last != last || steps.size() > 4) continue;
    if (!IsBatchId(steps[2])) return absl::NotFoundError("there is no such batch id");
    // The body of a cancellation says nothing, and is not sent.
    ReadCall call = MakeCall(form.method, form.operation);
    domain::Prompt prompt = *call.prompt;
    prompt.parts.push_back(domain::TextPart{"user", "/batch_id", std::string(steps[2])});
    call.places.emplace_back();
    call.prompt = std::make_shared<const domain::Prompt>(std::move(prompt));
    call.upstream_path =
        absl::StrCat("/messages/batches/", steps[2], last.empty() ? "" : "/", last);
    return call;
  }
  return absl::NotFoundError("unknown request for a batch");
}

absl::Status UnknownRequest(const IncomingRequest& request) {
  return absl::NotFoundError(
      absl::StrCat("unknown request: ", request.method, " ", request.path,
                   "; served are messages, messages/count_tokens, messages/batches and models "
                   "below /v1"));
}

absl::StatusOr<ReadCall> ReadPath(const IncomingRequest& request, absl::string_view path) {
  const bool get = request.method == "GET";
  const bool post = request.method == "POST";
  const std::vector<absl::string_view> steps = absl::StrSplit(path, '/');
  const auto read = [&](const members::Schema& schema) -> absl::StatusOr<ReadCall> {
    CS_ASSIGN_OR_RETURN(ReadCall call, ReadBody(request, schema));
    call.upstream_path = absl::StrCat("/", path);
    return call;
  };
  if (path == "messages" && post) return read(MessagesSchema());
  if (path == "messages/count_tokens" && post) return read(CountTokensSchema());
  if (path == "messages/batches" && post) return read(CreateBatchSchema());
  if (path == "messages/batches" && get) {
    ReadCall call = MakeCall("GET", "messages.batches.list");
    call.upstream_path = "/messages/batches";
    return call;
  }
  if (steps[0] == "models" && get) return ReadModels(steps);
  if (absl::StartsWith(path, "messages/batches/")) return ReadBatchById(request, steps);
  if (steps[0] == "files") {
    return absl::PermissionDeniedError(
        "files are not served: nobody could judge what a file says when a prompt names its id");
  }
  return UnknownRequest(request);
}

// Anthropic's SDKs take an address without "/v1", those of its API's copies often one with it.
bool HasVersion(const IncomingRequest& request) {
  if (request.connection == nullptr) return true;
  const absl::string_view url = request.connection->url;
  return absl::EndsWith(url.substr(0, url.find('?')), "/v1");
}

}  // namespace

absl::StatusOr<ReadCall> ReadRequest(const IncomingRequest& request) {
  absl::string_view path = absl::StripSuffix(request.path, "/");
  if (request.rpc || !absl::ConsumePrefix(&path, "/v1/")) {
    return UnknownRequest(request);
  }
  CS_ASSIGN_OR_RETURN(ReadCall call, ReadPath(request, path));
  if (!HasVersion(request)) call.upstream_path = absl::StrCat("/v1", call.upstream_path);
  CS_RETURN_IF_ERROR(AddQuery(request.query, call));
  return call;
}

}  // namespace countersign::dialects::anthropic
