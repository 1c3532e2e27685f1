#include "libs/dialects/kserve/rest_target.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "libs/dialects/kserve/prompt_parts.h"
#include "libs/dialects/model_id.h"
#include "libs/dialects/percent.h"

namespace countersign::dialects::kserve {
namespace {

using Segments = std::vector<absl::string_view>;

constexpr absl::string_view kControl[] = {"repository", "systemsharedmemory", "cudasharedmemory",
                                          "trace", "logging"};

absl::Status NoRequest(absl::string_view method, absl::string_view path) {
  return absl::NotFoundError(absl::StrCat("unknown request: ", method, " ", path));
}

bool IsControl(const Segments& segments) {
  return std::any_of(segments.begin(), segments.end(), [](absl::string_view segment) {
    return std::find(std::begin(kControl), std::end(kControl), segment) != std::end(kControl);
  });
}

// A name in the path. It is decoded once and sent as one segment, so it cannot address another
// resource.
absl::StatusOr<std::string> ReadName(absl::string_view segment) {
  absl::StatusOr<std::string> name = DecodePercent(segment);
  if (name.ok() && IsModelId(*name) && !absl::StrContains(*name, '/')) return name;
  return absl::NotFoundError("there is no such model or version");
}

// What is asked of a model; false when there is nothing of this name.
bool SetAction(absl::string_view action, RestTarget& target) {
  using Body = RestTarget::Body;
  if (action.empty() || action == "ready") {
    target.operation = action.empty() ? "models.metadata" : "models.ready";
    return true;
  }
  target.operation = "models.infer";
  target.method = "POST";
  target.body = action == "infer" ? Body::kInfer : Body::kGenerate;
  target.stream = action == "generate_stream";
  return action == "infer" || action == "generate" || target.stream;
}

// Sets what the server says about itself; false when it is something else.
bool SetServer(const Segments& segments, RestTarget& target) {
  const std::string path = absl::StrJoin(segments, "/");
  target.operation = segments.empty()         ? "server.metadata"
                     : path == "health/live"  ? "server.live"
                     : path == "health/ready" ? "server.ready"
                                              : "";
  return !target.operation.empty();
}

// "<model>[/versions/<version>][/<action>]"; false when it is something else.
absl::StatusOr<bool> SetModel(const Segments& segments, RestTarget& target) {
  std::size_t at = 2;
  const bool versioned = segments.size() > 3 && segments[2] == "versions";
  if (versioned) at += 2;
  const std::size_t actions = segments.size() - at;
  if (actions > 1 || !SetAction(actions == 1 ? segments[at] : "", target)) return false;
  CS_ASSIGN_OR_RETURN(target.model, ReadName(segments[1]));
  if (versioned) {
    CS_ASSIGN_OR_RETURN(target.version, ReadName(segments[3]));
  }
  return true;
}

}  // namespace

absl::StatusOr<RestTarget> ReadRestTarget(absl::string_view method, absl::string_view path) {
  absl::string_view below = absl::StripSuffix(path, "/");
  if (!absl::ConsumePrefix(&below, "/v2")) return NoRequest(method, path);
  Segments segments;
  if (absl::ConsumePrefix(&below, "/")) segments = absl::StrSplit(below, '/');
  RestTarget target;
  target.method = "GET";
  bool known = false;
  if (segments.size() >= 2 && segments[0] == "models") {
    CS_ASSIGN_OR_RETURN(known, SetModel(segments, target));
  } else if (below.empty() || !segments.empty()) {
    known = SetServer(segments, target);
  }
  if (!known && IsControl(segments)) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, " controls the server or its memory, and is never passed on"));
  }
  if (!known || target.method != method) return NoRequest(method, path);
  target.upstream_path = "/v2";
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const bool is_name = !target.model.empty() && (i == 1 || (i == 3 && !target.version.empty()));
    const std::string name = i == 1 ? target.model : target.version;
    absl::StrAppend(&target.upstream_path, "/",
                    is_name ? EncodeSegment(name) : std::string(segments[i]));
  }
  return target;
}

}  // namespace countersign::dialects::kserve
